from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from features.log import Log
from features.text import TextModel
from tests.factories import make_catalogue
from tests.training.builders import (
    HORIZON_DAYS,
    PLAN,
    day,
    make_settings,
    make_visit_catalogue,
    make_visit_log,
)
from training.dataset.moments import MomentPlan
from training.errors import TrainingError
from training.evaluation.catalogue_report import warning_of
from training.evaluation.drift import Drift, drift, periods, share_won, signal_drift
from training.evaluation.drift_run import figure, metrics, report
from training.fitting.train import Trained, TrainSettings, train
from training.metrics.population_stability import Level

CATALOGUE = make_visit_catalogue()
LOG = make_visit_log()
SINCE = day(90)


@pytest.fixture(scope="module")
def trained() -> Trained:
    settings = TrainSettings(
        plan=PLAN, horizon_days=HORIZON_DAYS, fit=make_settings(), seed=1
    )
    return train(LOG, CATALOGUE, settings, phase=lambda _: None)


def without(kind: str) -> Log:
    """The log, of which a kind of event is no longer sent since SINCE."""
    lost = (pl.col("kind") == kind) & (pl.col("occurred_at") >= SINCE)
    return Log(LOG.about, LOG.events.filter(~lost))


def looked_at(log: Log, trained: Trained) -> Drift:
    return drift(log, PLAN, trained.scorer, SINCE)


def levels(found: Drift) -> dict[str, Level]:
    return {one.signal: one.stability.level for one in found.signals}


def test_a_log_that_goes_on_as_before_has_not_moved(trained: Trained) -> None:
    found = looked_at(LOG, trained)
    assert set(levels(found).values()) == {Level.STABLE}
    assert found.score.level is Level.STABLE


def test_visits_no_longer_sent_move_the_visits_and_the_score(trained: Trained) -> None:
    found = looked_at(without("page_viewed"), trained)
    moved = {name for name, level in levels(found).items() if level is Level.SHIFTED}
    assert moved == {"visits"}
    assert found.score.index > looked_at(LOG, trained).score.index
    assert metrics(found)["psi_visits"] > 0.25


def test_a_month_compares_what_was_said_and_what_came(trained: Trained) -> None:
    months = looked_at(LOG, trained).months
    assert months["month"].to_list() == sorted(months["month"].to_list())
    within = months["predicted"].is_between(months["low"], months["high"])
    assert within.sum() >= months.height - 1
    found = looked_at(without("won"), trained)
    unsold = found.months.filter(pl.col("month") > "2026-04")
    assert figure(found).axes
    assert unsold["observed"].to_list() == [0.0] * unsold.height
    assert (unsold["predicted"] > unsold["high"]).all()


def test_a_month_whose_horizon_is_not_over_is_not_told(trained: Trained) -> None:
    months = looked_at(LOG, trained).months["month"].to_list()
    assert months[-1] == f"{day(160 - HORIZON_DAYS + 15):%Y-%m}"
    assert looked_at(LOG, trained).scores[1].size > 0


def test_an_interval_of_a_share_is_of_shares() -> None:
    for n_leads in range(1, 200):
        none = share_won(np.zeros(n_leads), np.ones(n_leads))
        every = share_won(np.ones(n_leads), np.ones(n_leads))
        assert (f"{none.low:.1%}", f"{every.high:.1%}") == ("0.0%", "100.0%")


def test_a_lead_counts_once_in_a_share_won() -> None:
    won, weight = np.array([1.0, 1.0, 1.0, 0.0]), np.array([1 / 3, 1 / 3, 1 / 3, 1.0])
    assert share_won(won, weight).value == pytest.approx(0.5)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.5])
def test_the_interval_of_a_share_holds_the_truth(rate: float) -> None:
    drawn = np.random.default_rng(2).random((2000, 150)) < rate
    told = [share_won(one.astype(np.float64), np.ones(150)) for one in drawn]
    held = np.mean([one.low <= rate <= one.high for one in told])
    assert held == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("at", [day(-1), day(400)], ids=["before", "after"])
def test_a_date_outside_the_log_is_refused(at: datetime) -> None:
    with pytest.raises(TrainingError, match="name a date between 2026-01-06 and 2026"):
        periods(LOG, PLAN, CATALOGUE, at)


def test_one_day_is_not_two_periods() -> None:
    log = make_visit_log(n_leads=1)
    plan = MomentPlan(ages_days=(1.0,))
    with pytest.raises(TrainingError, match="of one day, 2026-01-06: it can't be part"):
        periods(log, plan, CATALOGUE, None)


def test_without_a_date_half_of_the_moments_are_before() -> None:
    found = periods(LOG, PLAN, CATALOGUE, None)
    assert abs(found.n_before - found.moments.height / 2) <= 2  # ties
    assert [round(one.sum()) for one in found.weights] == [
        part["lead_id"].n_unique()
        for part in (found.moments[: found.n_before], found.moments[found.n_before :])
    ]


@pytest.mark.parametrize(
    ("renumbered", "warned"), [(False, False), (True, True)], ids=["kept", "renumbered"]
)
def test_an_identifier_that_drifts_is_warned_of(
    *, renumbered: bool, warned: bool
) -> None:
    number = LOG.events["lead_id"].str.slice(2).cast(pl.Int64) % 15
    moved = number + 15 * (LOG.events["occurred_at"] >= SINCE).cast(pl.Int64)
    owner = (moved if renumbered else number).cast(pl.String)
    owned = LOG.events.with_columns(data='{"owner":"n' + owner + '"}')
    catalogue = make_catalogue(
        owner='last = { kind = "attributes_set", field = "owner", type = "category" }',
        mails='count = { kind = "email_sent" }',
    )
    found = signal_drift(
        periods(Log(LOG.about, owned), PLAN, catalogue, SINCE), catalogue
    )
    warnings = {one.signal: warning_of(one) for one in found}
    assert warnings["mails"] is None
    assert ("an identifier that drifts" in (warnings["owner"] or "")) == warned


def test_of_a_text_no_word_is_compared() -> None:
    """Every text another: known or not, until a model reads it."""
    told = LOG.events.with_columns(data='{"text":"prix de ' + pl.col("event_id") + '"}')
    catalogue = make_catalogue(
        note='last = { kind = "email_sent", field = "text", type = "text" }'
    )
    found = periods(Log(LOG.about, told), PLAN, catalogue, SINCE)
    model = TextModel(intercept=0.0, stems={"prix": (1.0, 2.0)})
    for codes in ({}, {"note": model}):
        (moved,) = signal_drift(found, catalogue, codes)
        assert moved.recurrence is None
        assert moved.stability.index < 0.1
        assert warning_of(moved) is None


def test_what_was_found_is_told_whole(trained: Trained) -> None:
    found = looked_at(LOG, trained)
    told = report(found)
    assert told["since"] == datetime(2026, 4, 5, 9, tzinfo=UTC).isoformat()
    signals = told["signals"]
    assert isinstance(signals, list)
    assert [one["signal"] for one in signals] == list(CATALOGUE.names)
    titles = [axes.get_title() for axes in figure(found).axes]
    assert len(titles) == 3
    assert all(titles)
