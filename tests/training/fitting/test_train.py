from collections.abc import Callable
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from features.errors import CatalogueError
from features.event import OPINION_KINDS, events_frame
from features.log import Log
from tests.factories import make_catalogue, make_event
from tests.training.builders import (
    HORIZON_DAYS,
    PLAN,
    day,
    make_settings,
    make_visit_catalogue,
    make_visit_log,
)
from training.errors import TrainingError
from training.evaluation.tuning import problem_of
from training.fitting.train import (
    GRADE_SHARES,
    PRIORITY_SHARES,
    Trained,
    TrainSettings,
    quantile_cuts,
    refuse_absent_kinds,
    train,
)
from training.metrics.metrics import METRICS

CATALOGUE = make_visit_catalogue()
SETTINGS = TrainSettings(
    plan=PLAN, horizon_days=HORIZON_DAYS, fit=make_settings(), seed=1
)


def quietly(phase: str) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(make_visit_log(), CATALOGUE, SETTINGS, phase=quietly)


def test_tells_won_leads_from_others_that_began_later(trained: Trained) -> None:
    assert set(trained.metrics) == set(METRICS)
    assert trained.metrics["auc"].value > 0.65
    assert trained.metrics["auc"].low > 0.5
    assert trained.metrics["lift_at_10"].value > 1


def test_counts_what_it_used(trained: Trained) -> None:
    assert trained.n_train == trained.signals.height == trained.won.len()
    assert trained.n_test > 0
    assert trained.n_censored >= 0


def test_what_it_trained_on_was_over_before_the_hold_out(trained: Trained) -> None:
    last = trained.signals["moment"].max()
    assert last + timedelta(days=HORIZON_DAYS) <= trained.trained_until  # type: ignore[operator] # a datetime


def test_grades_and_priorities_fall_in_order(trained: Trained) -> None:
    facts = trained.scorer.facts
    assert list(facts.grade_cuts) == sorted(facts.grade_cuts, reverse=True)
    assert facts.priority_cuts[0] > facts.priority_cuts[1]
    assert facts.horizon_days == HORIZON_DAYS


def test_tells_its_phases_in_order() -> None:
    told: list[str] = []
    train(make_visit_log(), CATALOGUE, SETTINGS, phase=told.append)
    assert told == ["moments", "signals", "fitting", "evaluation"]


def test_an_outcome_received_after_the_training_teaches_nothing() -> None:
    log = make_visit_log()
    trained_on = train(log, CATALOGUE, SETTINGS, phase=quietly)
    outcome = log.events["kind"].is_in(["won", "lost"])
    early = log.events["occurred_at"] <= trained_on.trained_until
    late = log.events.with_columns(
        received_at=log.events["received_at"].zip_with(
            ~(outcome & early),
            log.events["received_at"].dt.offset_by("160d"),
        )
    )
    with pytest.raises(TrainingError):  # it knows of no win, so it refuses
        train(Log(log.about, late), CATALOGUE, SETTINGS, phase=quietly)


@pytest.mark.parametrize(
    ("log", "told"),
    [
        pytest.param(
            make_visit_log(n_leads=60, n_days=10), "whole horizon", id="too short"
        ),
        pytest.param(
            make_visit_log(n_leads=60, n_days=1), "whole horizon", id="far too short"
        ),
    ],
)
def test_a_log_that_does_not_allow_training_is_refused(log: Log, told: str) -> None:
    with pytest.raises(TrainingError, match=told):
        train(log, CATALOGUE, SETTINGS, phase=quietly)


@pytest.mark.parametrize(
    "learn",
    [
        pytest.param(
            lambda log: train(log, CATALOGUE, SETTINGS, phase=quietly), id="train"
        ),
        pytest.param(
            lambda log: problem_of(
                log, CATALOGUE, PLAN, horizon_days=HORIZON_DAYS, seed=1
            ),
            id="tune",
        ),
    ],
)
def test_leads_that_all_began_together_leave_nothing_before_the_hold_out(
    learn: Callable[[Log], object],
) -> None:
    began = make_visit_log(n_leads=40, n_days=14)
    late = make_event(event_id="late", kind="email_sent", occurred_at=day(180))
    log = Log(began.about, pl.concat([began.events, events_frame([late])]))
    told = "20 days before 2026-01-16, when the leads to measure on begin: give a "
    with pytest.raises(TrainingError, match=told):
        learn(log)


def test_a_kind_that_no_event_has_is_refused() -> None:
    catalogue = make_catalogue(calls='count = { kind = "call_mad" }')
    with pytest.raises(CatalogueError, match="call_mad"):
        refuse_absent_kinds(make_visit_log(n_leads=5), catalogue)


def test_opinions_that_nobody_gave_yet_are_no_typing_error() -> None:
    kinds = sorted(OPINION_KINDS)
    catalogue = make_catalogue(said=f"count = {{ kind = {kinds} }}")
    refuse_absent_kinds(make_visit_log(n_leads=5), catalogue)


SCORES = np.arange(100.0)
EVEN = np.ones(100)


@pytest.mark.parametrize("shares", [GRADE_SHARES, PRIORITY_SHARES], ids=["ABC", "prio"])
def test_the_best_share_of_moments_reaches_its_cut(shares: tuple[float, ...]) -> None:
    shuffled = np.random.default_rng(1).permutation(SCORES)
    for share, cut in zip(shares, quantile_cuts(shuffled, EVEN, shares), strict=True):
        assert (shuffled >= cut).mean() == pytest.approx(share)


def test_cuts_fall() -> None:
    cuts = quantile_cuts(SCORES, EVEN, GRADE_SHARES)
    assert sorted(cuts, reverse=True) == list(cuts)


def test_a_lead_counts_by_its_weight() -> None:
    weight = np.where(SCORES == 99, 99.0, 1.0)  # half of the mass
    assert quantile_cuts(SCORES, weight, [0.4, 0.6]) == (99.0, 79.0)


def test_every_share_reaches_some_score() -> None:
    assert quantile_cuts(np.array([5.0]), np.ones(1), [0.1, 0.9]) == (5.0, 5.0)
