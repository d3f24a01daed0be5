"""The gate's statistics: each bound at it and just past it, and what chance makes."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.simulated import WORSE, draw, share_passing
from training.dataset.groups import Group
from training.promotion import gate
from training.promotion.gate import (
    contradictions_finding,
    quality_findings,
    segments_finding,
    speed_finding,
)
from training.promotion.verdict import (
    Finding,
    Outcome,
    Rule,
    Verdict,
    at_least,
    at_most,
    held,
)

TRIES, LEADS, MOMENTS, RESAMPLES = 20, 1_700, 2, 100


def test_two_equal_models_pass() -> None:
    passing = share_passing(
        TRIES, n_leads=LEADS, noise=0, n_resamples=RESAMPLES, moments=MOMENTS
    )
    assert passing >= 0.9


def test_a_model_worse_by_0_05_in_auc_does_not() -> None:
    passing = share_passing(
        TRIES, n_leads=LEADS, noise=WORSE, n_resamples=RESAMPLES, moments=MOMENTS
    )
    assert passing <= 0.05


def test_a_model_that_says_too_much_is_not_calibrated() -> None:
    said = draw(LEADS, noise=0, seed=1, moments=1).said
    thrice_the_odds = 3 * said.champion / (1 + 2 * said.champion)
    loud = replace(said, challenger=thrice_the_odds)
    found = {one.rule: one.outcome for one in quality_findings(loud, n_resamples=20)}
    assert found == {
        Rule.AVERAGE_PRECISION: Outcome.KEPT,  # the order is the same
        Rule.LOG_LOSS: Outcome.BROKEN,
        Rule.CALIBRATION: Outcome.BROKEN,
    }


def test_one_segment_lost_is_found_among_many() -> None:
    drawn = draw(LEADS, noise=0, seed=2, moments=MOMENTS)
    blind = np.where(drawn.sectors[0].rows, 0.1, drawn.said.challenger)
    said = replace(drawn.said, challenger=blind)
    finding = segments_finding(said, drawn.sectors, n_resamples=50)
    assert finding.outcome is Outcome.BROKEN
    assert finding.why == "AUC is lost in sector 0"


def test_segments_lost_by_chance_are_not_found() -> None:
    """Each of thirty loses 0.03 in truth: at 95 % each, some would be found."""
    drawn = draw(4_000, noise=0.5, seed=8, moments=1)
    part = np.random.default_rng(8).integers(30, size=len(drawn.said.won))
    groups = [Group("part", str(i), part == i) for i in range(30)]
    alone = [segments_finding(drawn.said, [one], n_resamples=50) for one in groups]
    assert Outcome.BROKEN in {finding.outcome for finding in alone}
    together = segments_finding(drawn.said, groups, n_resamples=50)
    assert together.outcome is Outcome.KEPT


def test_no_segment_is_not_a_segment_kept() -> None:
    said = draw(50, noise=0, seed=1).said
    assert segments_finding(said, []).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("champion", "challenger", "outcome"),
    [
        pytest.param(0.10, 0.12, Outcome.KEPT, id="at the bound"),
        pytest.param(0.10, 0.1201, Outcome.BROKEN, id="past it"),
        pytest.param(0.10, None, Outcome.NOT_APPLICABLE, id="nothing to check"),
        pytest.param(None, 0.10, Outcome.NOT_APPLICABLE, id="nothing to hold to"),
    ],
)
def test_contradictions_may_rise_by_two_points(
    champion: float | None, challenger: float | None, outcome: Outcome
) -> None:
    assert contradictions_finding(champion, challenger).outcome is outcome


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        pytest.param(2.0, Outcome.KEPT, id="twice as long"),
        pytest.param(2.01, Outcome.BROKEN, id="longer"),
    ],
)
def test_explanations_may_take_twice_as_long(seconds: float, outcome: Outcome) -> None:
    assert speed_finding(1.0, seconds).outcome is outcome


@pytest.mark.parametrize(
    ("figure", "lower", "upper"),
    [
        pytest.param(1.0, Outcome.KEPT, Outcome.KEPT, id="at the bound"),
        pytest.param(1.1, Outcome.KEPT, Outcome.BROKEN, id="above"),
        pytest.param(0.9, Outcome.BROKEN, Outcome.KEPT, id="below"),
        pytest.param(float("nan"), Outcome.BROKEN, Outcome.BROKEN, id="unknown"),
    ],
)
def test_a_bound_itself_is_kept(figure: float, lower: Outcome, upper: Outcome) -> None:
    assert at_least(Rule.SPEED, figure, 1.0, "").outcome is lower
    assert at_most(Rule.SPEED, figure, 1.0, "").outcome is upper


@pytest.mark.parametrize(
    ("rule", "outcome", "passes"),
    [
        *((rule, Outcome.BROKEN, False) for rule in Rule),
        *((rule, Outcome.KEPT, True) for rule in Rule),
        (Rule.SEGMENTS, Outcome.NOT_APPLICABLE, True),
        (Rule.CONTRADICTIONS, Outcome.NOT_APPLICABLE, True),
        (Rule.HOLD_OUT, Outcome.NOT_APPLICABLE, False),
        (Rule.AVERAGE_PRECISION, Outcome.NOT_APPLICABLE, False),
    ],
)
def test_one_finding_is_enough_to_refuse(
    rule: Rule, outcome: Outcome, *, passes: bool
) -> None:
    others = [held(one, "", kept=True) for one in Rule if one is not rule]
    one = Finding(rule=rule, outcome=outcome, why="")
    verdict = Verdict(
        champion="1", challenger="2", log_sha256="", findings=(one, *others)
    )
    assert verdict.passes is passes


def test_the_bounds_are_those_agreed() -> None:
    assert (
        gate.AVERAGE_PRECISION_AT_LEAST,
        gate.LOG_LOSS_AT_MOST,
        gate.CALIBRATION_ERROR_AT_MOST,
        gate.SEGMENT_AUC_AT_LEAST,
        gate.SEGMENT_LEADS,
        gate.MORE_CONTRADICTIONS,
    ) == (-0.01, 0.005, 0.04, -0.03, 100, 0.02)
