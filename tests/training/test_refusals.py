"""`frein train` refuses what it can't learn from: exit 2, and nothing registered."""

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

import frein
from data.generate import generate
from features.errors import ModelUnavailableError
from features.log import EVENTS_FILE, write_events, write_log
from tests.little_room import little_room
from tests.training.builders import (
    HORIZON_DAYS,
    PLAN,
    make_settings,
    make_visit_catalogue,
    make_visit_log,
)
from training.registry import has_champion
from training.tracking import record_training
from training.train import TrainSettings, train

B2B = (Path(frein.__file__).parent / "features" / "catalogue.toml").read_text()
FULL = r"is full|No space|too large|disk I/O error"  # as each writer says it
Spoils = Callable[[Path], None]
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "log"
    generate(folder, leads=150, seed=5)
    return folder


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables and nothing in them: making them takes seconds."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
        assert not has_champion()
    return path


@pytest.fixture
def store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mlflow.db"
    shutil.copy(empty_store, path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    return path


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Refused:
    """What `frein train` says as it exits with 2."""

    def run(*options: str) -> str:
        monkeypatch.setattr(sys, "argv", ["frein", "train", *options])
        with pytest.raises(SystemExit) as caught:
            frein.main()
        assert caught.value.code == 2
        return capfd.readouterr().err.lstrip()

    return run


def spoil_events(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Spoils:
    def spoil(folder: Path) -> None:
        write_events(folder, change(pl.read_parquet(folder / EVENTS_FILE)))

    return spoil


def corrupt(folder: Path) -> None:
    stored = bytearray((folder / EVENTS_FILE).read_bytes())
    stored[4:4000] = b"\xff" * 3996
    (folder / EVENTS_FILE).write_bytes(stored)


def sound(folder: Path) -> None:
    """The log is left as it is."""


NOTHING = spoil_events(lambda events: events.clear())
UNSOLD = spoil_events(lambda events: events.filter(pl.col("kind") != "won"))
UNVISITED = spoil_events(lambda events: events.filter(pl.col("kind") != "page_viewed"))
TWICE = f'{B2B}\n[[signal]]\nname = "replies"\nidea = "reponses"\ncount = {{}}\n'
UNWORDED = (
    f'{B2B}\n[[idea]]\nname = "neuve"\nexpected = "appel"\n'
    '[[signal]]\nname = "new"\nidea = "neuve"\ncount = { kind = "note_added" }\n'
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What is wrong with the log or the catalogue, and what is then said."""

    log: Spoils = sound
    catalogue: str = B2B
    options: tuple[str, ...] = ()
    code: str
    told: str


REFUSALS = {
    "empty": Refusal(log=NOTHING, code="log_unreadable", told="the log holds no event"),
    "corrupt": Refusal(log=corrupt, code="log_unreadable", told=EVENTS_FILE),
    "no-won-lead": Refusal(
        log=UNSOLD, code="training_impossible", told="no lead was won"
    ),
    "horizon-longer-than-the-log": Refusal(
        options=("--horizon", "4000d"),
        code="training_impossible",
        told="horizon of 4000 days",
    ),
    "twice": Refusal(
        catalogue=TWICE, code="catalogue_invalid", told="'replies' stands twice"
    ),
    "absent-kind": Refusal(
        log=UNVISITED, code="catalogue_invalid", told="is page_viewed"
    ),
    "without-wording": Refusal(
        catalogue=UNWORDED, code="wording_broken", told="idea-neuve"
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_learnt_from_is_told_and_leaves_nothing(
    demo: Path, store: Path, refused: Refused, tmp_path: Path, refusal: Refusal
) -> None:
    log = tmp_path / "log"
    shutil.copytree(demo, log)
    refusal.log(log)
    mine = tmp_path / "mine.toml"
    mine.write_text(refusal.catalogue)

    said = refused("--log", str(log), "--catalogue", str(mine), *refusal.options)

    assert said.startswith(f"{refusal.code}: ")
    assert refusal.told in said
    assert nothing_registered(store)


def test_a_registry_out_of_reach_is_told_before_the_work(
    demo: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr("training.train.train", None)

    said = refused("--log", str(demo))

    assert said.startswith("model_unavailable: ")
    assert "http://127.0.0.1:9" in said


@pytest.mark.parametrize("full", ["store", "artifacts"])
def test_a_full_disk_is_told_and_registers_nothing(
    empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    log = make_visit_log()
    write_log(tmp_path / "log", log)
    settings = TrainSettings(
        plan=PLAN, horizon_days=HORIZON_DAYS, fit=make_settings(n_trees=8), seed=1
    )
    trained = train(log, make_visit_catalogue(), settings, phase=lambda _: None)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    with little_room(tmp_path / "disk", 8192) as disk:
        (tmp_path / "artifacts").symlink_to(disk)
        store = (disk if full == "store" else tmp_path) / "mlflow.db"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
        with pytest.raises(ModelUnavailableError, match=FULL):
            record_training(trained, log, tmp_path / "log", settings)
        assert nothing_registered(store)


def nothing_registered(store: Path) -> bool:
    """Read from the file, since MLflow opens no store whose tables are not complete."""
    with closing(sqlite3.connect(store)) as database:
        named = "SELECT count(*) FROM sqlite_master WHERE name = 'registered_models'"
        if not database.execute(named).fetchone()[0]:
            return True
        query = "SELECT count(*) FROM registered_models"
        return bool(database.execute(query).fetchone() == (0,))
