"""A whole log explained in a file, part after part, or nothing written at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any

import polars as pl
import pytest

from explanations.errors import ModelRejectedError
from explanations.explain import load_explainer
from explanations.score import ModelId
from features.errors import LogError
from features.event import events_frame
from features.featurise import moments_frame
from features.log import Log, LogAbout, leave_out, partition_log, read_log, write_log
from serving.formats.score_json import score_json
from serving.scoring.batch import explain_log
from tests.explanations.models import demo_scorer
from tests.factories import NOW, make_event
from training.errors import ModelUnavailableError

Model = tuple[Path, ModelId]
pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder, digest = demo_scorer(tmp_path_factory)
    return folder, ModelId(name="essai", version="3", sha256=digest)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Thirty leads: one begins after NOW, one is won before it, one lost after."""
    events = [
        make_event(event_id=f"{lead}-{i}", lead_id=f"L-{lead:02}", occurred_at=at)
        for lead in range(30)
        for i in range(lead % 4 + 1)
        for at in [NOW - timedelta(days=i + 1)]
    ]
    late, hour = NOW + timedelta(hours=1), timedelta(hours=1)
    events += [
        make_event(event_id="late", lead_id="L-late", occurred_at=late),
        make_event(
            event_id="won", lead_id="L-03", kind="won", occurred_at=NOW - hour, data={}
        ),
        make_event(
            event_id="lost", lead_id="L-04", kind="lost", occurred_at=late, data={}
        ),
    ]
    folder = tmp_path / "log"
    write_log(folder, Log(LogAbout(name="essai"), events_frame(events)))
    return folder


def explained(
    log: Path, model: Model, out: Path, at: datetime | None, *, workers: int = 1
) -> pl.DataFrame:
    steps: list[tuple[int, int]] = []
    n_leads = explain_log(
        log, at, out, model, workers=workers, progress=lambda *step: steps.append(step)
    )
    assert steps == [(i + 1, len(steps)) for i in range(len(steps))]
    table = pl.read_parquet(out)
    assert table.height == n_leads
    return table


def test_every_open_lead_is_explained_as_alone_whatever_the_buckets(
    log: Path, model: Model, tmp_path: Path
) -> None:
    whole = explained(log, model, tmp_path / "whole.parquet", NOW).sort("lead_id")
    partition_log(log, 6)
    parts = explained(log, model, tmp_path / "parts.parquet", NOW, workers=2)
    parts = parts.sort("lead_id")

    assert parts.equals(whole)
    open_leads = {f"L-{lead:02}" for lead in range(30)} - {"L-03"}
    assert set(whole["lead_id"]) == open_leads
    assert whole["moment"].unique().to_list() == [NOW]
    assert whole["model_version"].unique().to_list() == ["3"]
    for row in whole.iter_rows(named=True):
        points = sum(reason["points"] for reason in row["reasons"])
        assert row["base"] + points + row["other_points"] == pytest.approx(row["score"])
        assert row["short"]
        assert row["expected"]
    told = [reason for reasons in whole["reasons"] for reason in reasons]
    assert any(reason["evidence"] for reason in told)


def test_the_moment_is_the_logs_end_unless_it_is_given(
    log: Path, model: Model, tmp_path: Path
) -> None:
    table = explained(log, model, tmp_path / "out.parquet", None)
    assert table["moment"].unique().to_list() == [NOW + timedelta(hours=1)]
    assert "L-late" in table["lead_id"].to_list()
    assert "L-04" not in table["lead_id"].to_list()


def test_a_moment_before_the_log_explains_nobody(
    log: Path, model: Model, tmp_path: Path
) -> None:
    before = datetime(2000, 1, 1, tzinfo=UTC)
    table = explained(log, model, tmp_path / "out.parquet", before)
    assert table.is_empty()


@pytest.mark.parametrize("kept", [b"kept", None])
def test_a_part_that_fails_writes_nothing_and_keeps_what_was_there(
    log: Path, model: Model, tmp_path: Path, kept: bytes | None
) -> None:
    events = read_log(log).events
    broken = events.with_columns(
        data=pl.when(event_id="5-0").then(pl.lit("{")).otherwise("data")
    )
    rmtree(log)
    write_log(log, Log(LogAbout(name="essai"), broken))
    out = tmp_path / "out" / "x.parquet"
    out.parent.mkdir()
    if kept:
        out.write_bytes(kept)

    with pytest.raises(LogError, match=r"'5-0' of source 'site'"):
        explained(log, model, out, NOW)

    assert [path.read_bytes() for path in out.parent.iterdir()] == [kept] * bool(kept)


def test_a_folder_that_is_not_there_is_named(
    log: Path, model: Model, tmp_path: Path
) -> None:
    with pytest.raises(LogError, match="nowhere"):
        explained(log, model, tmp_path / "nowhere" / "x.parquet", NOW)


def test_an_empty_log_is_refused(log: Path, model: Model, tmp_path: Path) -> None:
    leave_out(log, set)
    with pytest.raises(LogError, match="no event"):
        explained(log, model, tmp_path / "x.parquet", NOW)


def test_another_sort_of_log_is_refused(model: Model, tmp_path: Path) -> None:
    events = events_frame([make_event(kind="loan_asked")])
    write_log(tmp_path / "log", Log(LogAbout(name="loans"), events))
    with pytest.raises(ModelUnavailableError, match="another sort of log than 'loans'"):
        explained(tmp_path / "log", model, tmp_path / "x.parquet", NOW)


def test_another_model_than_the_registered_is_refused(
    log: Path, model: Model, tmp_path: Path
) -> None:
    folder, registered = model
    other = replace(registered, sha256="0" * 64)
    with pytest.raises(ModelRejectedError, match="0000 was registered"):
        explained(log, (folder, other), tmp_path / "x.parquet", NOW)
    assert not list(tmp_path.glob("*x.parquet*"))


def test_a_lead_is_told_in_the_file_as_it_is_served(
    log: Path, model: Model, tmp_path: Path
) -> None:
    table = explained(log, model, tmp_path / "x.parquet", NOW)
    explainer = load_explainer(*model)
    n_reasons = 0
    for row in table.head(8).iter_rows(named=True):
        alone = read_log(log).events.filter(lead_id=row["lead_id"])
        moments = moments_frame([(row["lead_id"], NOW)])
        (score,) = explainer.scores(alone, moments)
        served: dict[str, Any] = score_json(score)
        for name in ("happened", "why", "expected", "short"):
            assert row[name] == served["narrative"][name]
        assert row["score"] == served["score"]
        for told, reason in zip(row["reasons"], served["reasons"], strict=True):
            n_reasons += 1
            for name, value in reason.items():
                assert _without_nulls(told[name]) == _as_stored(name, value)
    assert n_reasons


def _as_stored(name: str, value: Any) -> Any:
    """Of an event put in, the file keeps its type and its time."""
    if name != "inserted":
        return value
    return {"type": value["type"], "time": value["time"]}


def _without_nulls(told: Any) -> Any:
    if isinstance(told, list):
        return [_without_nulls(one) for one in told]
    if isinstance(told, dict):
        return {name: value for name, value in told.items() if value is not None}
    return told
