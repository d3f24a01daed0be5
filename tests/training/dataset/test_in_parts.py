"""A log in buckets says what it says whole, though one of them at a time is read."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from data.generate import generate
from features.catalogue import read_catalogue, shipped_catalogue
from features.event import events_frame
from features.log import (
    AnyLog,
    LogDataset,
    append_events,
    log_in_parts,
    partition_log,
    read_log,
)
from tests.factories import make_event
from training.dataset.moments import (
    labelled_moments,
    lead_lives,
    log_end,
    open_moments,
    weekly_plan,
)
from training.dataset.signals import leads_of, signals_of
from training.errors import TrainingError
from training.evaluation.drift import periods

PLAN = weekly_plan(days=60, key_kinds=("email_replied", "meeting_held"))
CATALOGUE = read_catalogue(shipped_catalogue("b2b"))
SINCE = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts") / "log"
    generate(folder, leads=250, seed=7, with_truth=False)
    partition_log(folder, 5)
    return folder


def opened(log: AnyLog) -> pl.DataFrame:
    return open_moments(log, PLAN, known_at=log_end(log))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(lambda log: log.kinds, id="kinds"),
        pytest.param(log_end, id="end"),
        pytest.param(
            lambda log: lead_lives(log, known_at=SINCE).rows(), id="lives of leads"
        ),
        pytest.param(lambda log: opened(log).rows(), id="open moments"),
        pytest.param(
            lambda log: labelled_moments(log, PLAN, horizon_days=60).frame.rows(),
            id="labelled moments",
        ),
        pytest.param(lambda log: sorted(leads_of(log)["lead_id"]), id="leads"),
        pytest.param(
            lambda log: signals_of(log, opened(log), CATALOGUE).fill_nan(None).rows(),
            id="signals",
        ),
        pytest.param(
            lambda log: signals_of(log, opened(log).clear(), CATALOGUE).schema,
            id="signals of no moment",
        ),
        pytest.param(
            lambda log: periods(log, PLAN, CATALOGUE, SINCE).moments.rows(),
            id="periods",
        ),
    ],
)
def test_buckets_say_what_the_whole_does(
    folder: Path, said: Callable[[AnyLog], object]
) -> None:
    in_parts = log_in_parts(folder)
    assert isinstance(in_parts, LogDataset)
    assert said(in_parts) == said(read_log(folder))


def test_what_events_say_is_read_for_signals_alone(folder: Path) -> None:
    parts = log_in_parts(folder).parts()
    assert {data for part in parts for data in part.events["data"]} == {"{}"}


def test_a_clock_that_is_wrong_in_one_bucket_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    generate(log, leads=40, seed=7, with_truth=False)
    partition_log(log, 3)
    late = datetime(2031, 1, 1, tzinfo=UTC)
    wrong = make_event(event_id="late", occurred_at=late, received_at=late)
    append_events(log, [events_frame([wrong])])
    with pytest.raises(TrainingError, match=r"'late'.*clock"):
        log_end(log_in_parts(log))
