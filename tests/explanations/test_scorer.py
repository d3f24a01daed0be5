"""Contributions are exact and add up; grades and priorities turn at their cuts."""

import numpy as np
import polars as pl
import pytest

from explanations.score import Grade, Priority
from explanations.scorer import Contributions, Scorer, probability
from features.encoding import encode
from features.event import events_frame
from features.featurise import featurise, moments_frame
from features.log import Log
from features.snapshot import snapshot
from tests.explanations.models import make_facts, small_signals
from tests.explanations.oracles import enumerated, shap_values

HIGH, NORMAL, LOW = Priority.HIGH, Priority.NORMAL, Priority.LOW


@pytest.fixture(scope="module")
def demo_signals(
    demo_log: Log, demo_moments: pl.DataFrame, scorer: Scorer
) -> pl.DataFrame:
    return featurise(demo_log.events, demo_moments, scorer.catalogue)


def test_base_and_ideas_add_up_to_the_log_odds_that_predict_gives(
    scorer: Scorer, demo_signals: pl.DataFrame
) -> None:
    contributions = scorer.contributions(demo_signals)
    matrix = encode(demo_signals, scorer.catalogue, scorer.facts.codes)
    predicted = np.asarray(scorer.booster.predict(matrix, num_threads=1))
    assert contributions.by_idea.shape == (300, len(scorer.catalogue.ideas))
    assert contributions.by_idea.any(axis=0).sum() > 8  # most ideas say something
    total = contributions.base + contributions.by_idea.sum(axis=1)
    assert contributions.log_odds == pytest.approx(total, abs=1e-12)
    assert scorer.log_odds(demo_signals) == pytest.approx(total, abs=1e-9)
    assert probability(total) == pytest.approx(predicted, abs=1e-9)


def test_an_idea_is_the_sum_of_its_own_signals(
    scorer: Scorer, demo_signals: pl.DataFrame
) -> None:
    matrix = encode(demo_signals, scorer.catalogue, scorer.facts.codes)
    shares = np.asarray(scorer.booster.predict(matrix, pred_contrib=True))
    expected = {idea: np.zeros(len(matrix)) for idea in scorer.catalogue.ideas}
    for column, signal in enumerate(scorer.catalogue.signals):
        expected[signal.idea] += shares[:, column]
    by_idea = scorer.contributions(demo_signals).by_idea
    for column, idea in enumerate(scorer.catalogue.ideas):
        assert by_idea[:, column] == pytest.approx(expected[idea], abs=1e-12), idea


def test_base_and_points_add_up_to_the_score_and_signs_are_kept(
    scorer: Scorer, demo_signals: pl.DataFrame
) -> None:
    contributions = scorer.contributions(demo_signals)
    base, points, score = contributions.points()
    assert base + points.sum(axis=1) == pytest.approx(score, abs=1e-9)
    assert score == pytest.approx(100 * probability(contributions.log_odds), abs=1e-9)
    assert (np.sign(points) == np.sign(contributions.by_idea)).all()


@pytest.mark.parametrize(
    "shares",
    [
        pytest.param([1.5, -0.5], id="plain"),
        pytest.param([-3.0, -4.0, 0.0], id="down"),
        pytest.param([2.0, -2.0], id="cancelling exactly"),
        pytest.param([2.0, -2.0 + 9e-7], id="just under the flat limit"),
        pytest.param([2.0, -2.0 - 1.1e-6], id="just past the flat limit"),
        pytest.param([0.0, 0.0], id="nothing"),
        pytest.param([30.0, 4.0], id="almost certain"),
        pytest.param([-40.0, -9.0], id="almost impossible"),
    ],
)
@pytest.mark.parametrize("base", [-2.0, 0.0, 1.5])
def test_points_add_up_and_keep_their_sign_wherever_they_lead(
    base: float, shares: list[float]
) -> None:
    contributions = Contributions(np.array([base]), np.array([shares]))
    start, points, score = contributions.points()
    assert start[0] == pytest.approx(100 / (1 + np.exp(-base)))
    assert start + points.sum(axis=1) == pytest.approx(score, abs=1e-9)
    assert score == pytest.approx(100 * probability(contributions.log_odds), abs=1e-9)
    assert (np.sign(points[0]) == np.sign(shares)).all()


def test_points_do_not_jump_where_the_quotient_gives_way_to_the_slope() -> None:
    sides = np.array([[2.0, -2.0 + 0.99e-6], [2.0, -2.0 + 1.01e-6]])
    _, points, _ = Contributions(np.array([-1.0, -1.0]), sides).points()
    assert points[0] == pytest.approx(points[1], abs=1e-4)


def test_contributions_equal_those_of_shaps_own_code(
    scorer: Scorer, demo_signals: pl.DataFrame
) -> None:
    matrix = encode(demo_signals, scorer.catalogue, scorer.facts.codes)
    names = scorer.catalogue.names
    codes = [names.index(name) for name in scorer.catalogue.categories]
    assert np.isnan(matrix).any()
    assert (matrix[:, codes] == 0).any()
    values, expected = shap_values(scorer.booster, matrix, codes)
    ours = np.asarray(scorer.booster.predict(matrix, pred_contrib=True))
    assert ours[:, :-1] == pytest.approx(values, abs=1e-6)
    assert ours[:, -1] == pytest.approx(expected, abs=1e-6)


def test_contributions_equal_the_definition_enumerated(small: Scorer) -> None:
    signals, _ = small_signals(25, seed=11, catalogue=small.catalogue)
    matrix = encode(signals, small.catalogue, small.facts.codes)
    splits = small.booster.feature_importance()
    assert splits.all(), "a signal that no tree reads proves nothing"
    assert np.isnan(matrix[:, 1]).any()
    assert np.isnan(matrix[:, 3]).any()
    contributions = small.contributions(signals)
    for row in range(len(matrix)):
        shares, expected = enumerated(small.booster, matrix[row])
        by_idea = [shares[:2].sum(), shares[2], shares[3:].sum()]
        assert contributions.by_idea[row] == pytest.approx(by_idea, abs=1e-6)
        assert contributions.base[row] == pytest.approx(expected, abs=1e-6)


def test_what_was_seen_is_scored_as_the_signals_are(
    demo_log: Log,
    demo_moments: pl.DataFrame,
    scorer: Scorer,
    demo_signals: pl.DataFrame,
) -> None:
    seen = snapshot(demo_log.events, demo_moments, scorer.catalogue)
    matrix = scorer.matrix(seen.table, seen.timelines)
    encoded = encode(demo_signals, scorer.catalogue, scorer.facts.codes)
    np.testing.assert_array_equal(matrix, encoded)
    assert (scorer.log_odds_of(matrix) == scorer.log_odds(demo_signals)).all()
    contributions = scorer.contributions_of(matrix)
    assert (contributions.by_idea == scorer.contributions(demo_signals).by_idea).all()


def test_no_row_has_neither_log_odds_nor_contributions(scorer: Scorer) -> None:
    nothing = snapshot(events_frame([]), moments_frame([]), scorer.catalogue)
    matrix = scorer.matrix(nothing.table, nothing.timelines)
    assert scorer.log_odds_of(matrix).shape == (0,)
    by_idea = scorer.contributions_of(matrix).by_idea
    assert by_idea.shape == (0, len(scorer.catalogue.ideas))


def test_one_row_is_scored_as_it_is_among_many(
    scorer: Scorer, demo_signals: pl.DataFrame
) -> None:
    together = scorer.contributions(demo_signals)
    for row in range(0, 300, 24):
        alone = scorer.contributions(demo_signals[row : row + 1])
        assert alone.by_idea[0] == pytest.approx(together.by_idea[row], abs=1e-12)


# --- Cuts -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        pytest.param(100, Grade.A, id="top"),
        pytest.param(40, Grade.A, id="at the cut of A"),
        pytest.param(39.999, Grade.B, id="just under A"),
        pytest.param(20, Grade.B, id="at the cut of B"),
        pytest.param(19.999, Grade.C, id="just under B"),
        pytest.param(10, Grade.C, id="at the cut of C"),
        pytest.param(9.999, Grade.D, id="just under C"),
        pytest.param(0, Grade.D, id="bottom"),
    ],
)
def test_a_grade_begins_at_its_cut(score: float, grade: Grade) -> None:
    assert make_facts(grade_cuts=(40, 20, 10)).grade(score) is grade


@pytest.mark.parametrize(
    ("previous", "score", "priority"),
    [
        pytest.param(None, 30, HIGH, id="nothing written: at the upper cut"),
        pytest.param(None, 29.999, NORMAL, id="nothing written: just under it"),
        pytest.param(None, 10, NORMAL, id="nothing written: at the lower cut"),
        pytest.param(None, 9.999, LOW, id="nothing written: just under that"),
        pytest.param(NORMAL, 30, NORMAL, id="normal: at the upper cut"),
        pytest.param(NORMAL, 32.999, NORMAL, id="normal: not 3 points past it"),
        pytest.param(NORMAL, 33, HIGH, id="normal: 3 points past it"),
        pytest.param(NORMAL, 7, NORMAL, id="normal: at 3 points under the lower cut"),
        pytest.param(NORMAL, 6.999, LOW, id="normal: past 3 points under it"),
        pytest.param(HIGH, 27, HIGH, id="high: 3 points under its cut"),
        pytest.param(HIGH, 26.999, NORMAL, id="high: past 3 points under it"),
        pytest.param(HIGH, 7, NORMAL, id="high: 3 points under the lower cut"),
        pytest.param(HIGH, 6.999, LOW, id="high: past 3 points under that"),
        pytest.param(LOW, 12.999, LOW, id="low: not 3 points past its cut"),
        pytest.param(LOW, 13, NORMAL, id="low: 3 points past it"),
        pytest.param(LOW, 32.999, NORMAL, id="low: not 3 points past the upper cut"),
        pytest.param(LOW, 33, HIGH, id="low: 3 points past that"),
    ],
)
def test_a_priority_changes_3_points_past_a_cut(
    previous: Priority | None, score: float, priority: Priority
) -> None:
    facts = make_facts(priority_cuts=(30, 10))
    assert facts.priority(score, previous) is priority
