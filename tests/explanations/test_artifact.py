"""A scorer comes back from disk as it was, or not at all."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from explanations import artifact
from explanations.artifact import MANIFEST_FILE, load_scorer, save_scorer
from explanations.errors import ModelRejectedError
from explanations.scorer import Scorer
from features.text import TextModel
from tests.explanations.models import small_signals

PARTS = ("model.lgb", "catalogue.toml", "facts.json")
FILES = (*PARTS, "manifest.json")
Change = Callable[[bytes], bytes]


@pytest.fixture
def saved(tmp_path: Path, small: Scorer) -> tuple[Path, str]:
    return tmp_path, save_scorer(tmp_path, small)


def registered_anew(folder: Path) -> str:
    """The manifest rewritten for the files that are there, as if registered so."""
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in PARTS
    }
    manifest = orjson.dumps(digests)
    (folder / "manifest.json").write_bytes(manifest)
    return hashlib.sha256(manifest).hexdigest()


def change(folder: Path, name: str, how: Change) -> None:
    (folder / name).write_bytes(how((folder / name).read_bytes()))


def cut_short(share: float) -> Change:
    return lambda content: content[: int(len(content) * share)]


def facts_with(**changed: object) -> Change:
    return lambda content: orjson.dumps(orjson.loads(content) | changed)


def test_what_texts_are_read_with_comes_back(tmp_path: Path, small: Scorer) -> None:
    model = TextModel(intercept=-0.1, stems={"équip": (1 / 3, 2.0), "prix": (1, -1)})
    read = replace(small.facts, codes={**small.facts.codes, "last_note": model})
    digest = save_scorer(tmp_path, replace(small, facts=read))
    assert load_scorer(tmp_path, digest).facts == read


def test_a_scorer_comes_back_with_the_same_scores(
    saved: tuple[Path, str], small: Scorer
) -> None:
    loaded = load_scorer(*saved)
    signals, _ = small_signals(200, seed=2, catalogue=small.catalogue)
    assert (loaded.log_odds(signals) == small.log_odds(signals)).all()
    theirs, ours = loaded.contributions(signals), small.contributions(signals)
    assert (theirs.by_idea == ours.by_idea).all()
    assert loaded.facts == small.facts
    assert loaded.catalogue == small.catalogue


def test_a_demo_scorer_comes_back_with_its_delays_and_codes(
    tmp_path: Path, scorer: Scorer
) -> None:
    loaded = load_scorer(tmp_path, save_scorer(tmp_path, scorer))
    assert loaded.facts == scorer.facts
    assert loaded.facts.usual_delay_hours


def test_saving_a_loaded_scorer_writes_the_same_files(
    saved: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, digest = saved
    again = tmp_path_factory.mktemp("again")
    assert save_scorer(again, load_scorer(folder, digest)) == digest


def test_the_folder_holds_text_only(saved: tuple[Path, str]) -> None:
    folder, _ = saved
    assert {path.name for path in folder.iterdir()} == set(FILES)
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")  # a pickle is no UTF-8
        assert text.isprintable() or "\n" in text
        assert "pickle" not in text


@pytest.mark.parametrize("name", FILES)
def test_a_tampered_file_is_rejected(saved: tuple[Path, str], name: str) -> None:
    folder, digest = saved
    change(folder, name, lambda content: content + b"\n")
    with pytest.raises(ModelRejectedError, match=f"{name}: SHA-256 is"):
        load_scorer(folder, digest)


def test_a_scorer_swapped_whole_is_rejected(saved: tuple[Path, str]) -> None:
    folder, digest = saved
    change(folder, "facts.json", facts_with(priority_cuts=[1.0, 0.5]))
    registered_anew(folder)
    with pytest.raises(ModelRejectedError, match=MANIFEST_FILE):
        load_scorer(folder, digest)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_rejected(saved: tuple[Path, str], name: str) -> None:
    folder, digest = saved
    (folder / name).unlink()
    with pytest.raises(ModelRejectedError, match=name):
        load_scorer(folder, digest)


def test_an_absent_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ModelRejectedError):
        load_scorer(tmp_path / "nowhere", "0" * 64)


@pytest.mark.parametrize("name", FILES)
def test_an_oversize_file_is_rejected_unread(
    saved: tuple[Path, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, digest = saved
    largest = max((folder / one).stat().st_size for one in FILES)
    monkeypatch.setattr(artifact, "MAX_FILE_BYTES", largest)
    load_scorer(folder, digest)  # at the limit
    change(folder, name, lambda content: content.ljust(largest + 1))
    with pytest.raises(ModelRejectedError, match=f"{name}: over {largest} bytes"):
        load_scorer(folder, digest)


@pytest.mark.parametrize("share", [0, 0.05, 0.3, 0.5, 0.7, 0.9, 0.97])
def test_a_truncated_model_is_rejected_even_if_it_was_registered_so(
    saved: tuple[Path, str], share: float
) -> None:
    folder, _ = saved
    change(folder, "model.lgb", cut_short(share))
    with pytest.raises(ModelRejectedError):
        load_scorer(folder, registered_anew(folder))


def test_a_model_cut_inside_its_last_tree_is_rejected(
    saved: tuple[Path, str],
) -> None:
    """LightGBM would read on past the end of the text."""
    folder, _ = saved
    text = (folder / "model.lgb").read_bytes()
    trees_end = text.index(b"end of trees")
    for length in (trees_end, trees_end - 1, trees_end - 40):
        (folder / "model.lgb").write_bytes(text[:length])
        with pytest.raises(ModelRejectedError, match="truncated"):
            load_scorer(folder, registered_anew(folder))


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param("model.lgb", lambda _: b"tree\nnonsense", id="no model"),
        pytest.param("model.lgb", lambda _: b"\xff\xfe", id="no text"),
        pytest.param("catalogue.toml", lambda _: b"name = ", id="no TOML"),
        pytest.param("catalogue.toml", lambda _: b'name = "x"', id="no catalogue"),
        pytest.param(
            "catalogue.toml",
            lambda content: content.replace(b"headcount", b"employees"),
            id="another catalogue",
        ),
        pytest.param("facts.json", lambda _: b"{", id="no JSON"),
        pytest.param("facts.json", lambda _: b"{}", id="no facts"),
        pytest.param("facts.json", lambda _: b"[]", id="a list"),
        pytest.param("facts.json", facts_with(codes=[1]), id="codes of no signal"),
        pytest.param("facts.json", facts_with(grade_cuts=None), id="no cuts"),
    ],
)
def test_what_is_no_scorer_is_rejected_even_if_it_was_registered(
    saved: tuple[Path, str], name: str, how: Change
) -> None:
    folder, _ = saved
    change(folder, name, how)
    with pytest.raises(ModelRejectedError):
        load_scorer(folder, registered_anew(folder))


@pytest.mark.parametrize("manifest", [b"{", b"[]", b'{"model.lgb": 3}', b"{}"])
def test_what_is_no_manifest_is_rejected(
    saved: tuple[Path, str], manifest: bytes
) -> None:
    folder, _ = saved
    (folder / "manifest.json").write_bytes(manifest)
    with pytest.raises(ModelRejectedError):
        load_scorer(folder, hashlib.sha256(manifest).hexdigest())


def test_the_model_file_alone_gives_the_calibrated_probability(
    saved: tuple[Path, str], small: Scorer
) -> None:
    import lightgbm as lgb

    from features.encoding import encode

    signals, _ = small_signals(50, seed=3, catalogue=small.catalogue)
    matrix = encode(signals, small.catalogue, small.facts.codes)
    booster = lgb.Booster(model_file=saved[0] / "model.lgb")
    predicted = np.asarray(booster.predict(matrix, num_threads=1))
    assert predicted == pytest.approx(1 / (1 + np.exp(-small.log_odds(signals))))
