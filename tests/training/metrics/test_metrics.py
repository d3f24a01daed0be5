from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from training.metrics.metrics import (
    METRICS,
    Ranking,
    bootstrap,
    bootstrap_intervals,
)

WON = np.array([True, False, True, False, False])
SAID = np.array([0.9, 0.8, 0.7, 0.2, 0.1])
EVEN = np.ones(5)


def figure(
    metric: Callable[..., np.ndarray],
    won: np.ndarray,
    said: np.ndarray,
    weight: np.ndarray,
    **options: float,
) -> float:
    """The metric under one weighting."""
    return float(metric(Ranking(won, said, weight[None]), **options).item())


auc = partial(figure, Ranking.auc)
average_precision = partial(figure, Ranking.average_precision)
logarithmic_loss = partial(figure, Ranking.log_loss)
calibration_error = partial(figure, Ranking.calibration_error)
lift = partial(figure, Ranking.lift)


def make_scores(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(2)
    said = draws.uniform(0.05, 0.95, size=n)
    return draws.random(n) < said, said


def test_auc_is_the_share_of_pairs_ranked_right() -> None:
    assert auc(WON, SAID, EVEN) == pytest.approx(5 / 6)


def test_a_tie_is_half_a_pair() -> None:
    said = np.array([0.5, 0.5, 0.7, 0.2, 0.1])
    assert auc(WON, said, EVEN) == pytest.approx((3 + 2.5) / 6)


def test_average_precision_is_the_mean_precision_where_one_is_won() -> None:
    assert average_precision(WON, SAID, EVEN) == pytest.approx((1 + 2 / 3) / 2)


def test_log_loss_is_the_mean_surprise() -> None:
    likelihoods = np.where(WON, SAID, 1 - SAID)
    assert logarithmic_loss(WON, SAID, EVEN) == pytest.approx(
        -np.log(likelihoods).mean()
    )


def test_a_certain_error_costs_much_and_not_everything() -> None:
    loss = logarithmic_loss(np.array([True, False]), np.array([0.0, 0.5]), np.ones(2))
    assert loss == pytest.approx((-np.log(1e-6) - np.log(0.5)) / 2)


class TestCalibrationError:
    def test_of_true_rates_is_zero(self) -> None:
        said = np.repeat([0.25, 0.75], 4)
        won = np.array([1, 0, 0, 0, 1, 1, 1, 0], bool)
        assert calibration_error(won, said, np.ones(8), n_bins=2) == pytest.approx(0)

    def test_is_the_mean_gap_of_the_bins(self) -> None:
        said = np.repeat([0.2, 0.6], 5)
        won = np.array([1, 1, 0, 0, 0, 1, 1, 1, 1, 0], bool)  # 0.4 and 0.8
        assert calibration_error(won, said, np.ones(10), n_bins=2) == pytest.approx(0.2)

    def test_of_equal_scores_does_not_depend_on_the_order_of_rows(self) -> None:
        won = np.repeat([False, True], 50)
        constant = np.full(100, 0.5)
        assert calibration_error(won, constant, np.ones(100)) == pytest.approx(0)

    def test_bins_have_equal_mass(self) -> None:
        said = np.array([0.1, 0.1, 0.5])
        won = np.array([False, True, True])
        weight = np.array([1.0, 1.0, 2.0])
        error = calibration_error(won, said, weight, n_bins=2)
        assert error == pytest.approx((0.4 + 0.5) / 2)

    def test_ignores_rows_of_no_weight(self) -> None:
        weight = np.array([1.0, 1, 0, 1, 1])
        kept = weight > 0
        assert calibration_error(WON, SAID, weight, n_bins=2) == pytest.approx(
            calibration_error(WON[kept], SAID[kept], np.ones(4), n_bins=2)
        )


class TestLift:
    def test_is_the_best_scored_rate_over_the_rate_of_all(self) -> None:
        assert lift(WON, SAID, EVEN, share=0.2) == pytest.approx(1 / 0.4)

    def test_a_tie_at_the_edge_counts_in_proportion(self) -> None:
        said = np.array([0.9, 0.9, 0.9, 0.1, 0.1])
        assert lift(WON, said, EVEN, share=0.4) == pytest.approx((2 / 3) / 0.4)

    def test_of_a_constant_is_one(self) -> None:
        assert lift(WON, np.full(5, 0.3), EVEN) == pytest.approx(1)

    def test_ignores_rows_of_no_weight(self) -> None:
        weight = np.array([0.0, 1, 1, 1, 1])
        assert lift(WON, SAID, weight, share=0.25) == pytest.approx(
            lift(WON[1:], SAID[1:], np.ones(4), share=0.25)
        )


@pytest.mark.parametrize("name", METRICS)
def test_a_weight_counts_as_repetition(name: str) -> None:
    won, said = make_scores(200)
    times = np.random.default_rng(4).integers(0, 4, size=200)
    weighted = Ranking(won, said, times[None].astype(float))
    again = np.repeat(won, times), np.repeat(said, times), np.ones((1, times.sum()))
    assert METRICS[name](weighted) == pytest.approx(METRICS[name](Ranking(*again)))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(auc, roc_auc_score, id="AUC"),
        pytest.param(average_precision, average_precision_score, id="precision"),
        pytest.param(logarithmic_loss, log_loss, id="log loss"),
    ],
)
def test_is_what_scikit_learn_says_with_ties_and_weights(
    ours: Callable[..., float], theirs: Callable[..., float]
) -> None:
    won, said = make_scores()
    tied = said.round(1)
    weight = np.random.default_rng(5).integers(0, 4, size=len(won)).astype(float)
    expected = theirs(won, tied, sample_weight=weight)
    assert ours(won, tied, weight) == pytest.approx(expected, abs=1e-12)


def test_a_ranking_without_won_leads_is_unknown() -> None:
    none_won = np.zeros(5, bool)
    for metric in (auc, average_precision, lift):
        assert np.isnan(metric(none_won, SAID, EVEN))


def test_models_are_averaged_not_their_scores() -> None:
    other, leads = 1 - SAID, [f"L-{i}" for i in range(5)]
    mean = bootstrap_intervals(leads, WON, [SAID, other], n_resamples=2)["auc"].value
    assert mean == pytest.approx((auc(WON, SAID, EVEN) + auc(WON, other, EVEN)) / 2)


class TestIntervals:
    def test_hold_the_estimate(self) -> None:
        won, said = make_scores(200)
        leads = [f"L-{i // 2}" for i in range(len(won))]
        found = bootstrap_intervals(leads, won, [said], n_resamples=50)
        assert all(interval.low < interval.high for interval in found.values())
        assert found["auc"].low < found["auc"].value < found["auc"].high

    def test_resample_whole_leads(self) -> None:
        won, said = make_scores(100)

        def width(times: int, *, together: bool) -> float:
            n = 100 * times
            leads = [f"L-{i // times if together else i}" for i in range(n)]
            found = bootstrap_intervals(
                leads, np.repeat(won, times), [np.repeat(said, times)], n_resamples=60
            )["auc"]
            return found.high - found.low

        assert width(9, together=True) == pytest.approx(
            width(1, together=True), rel=0.01
        )
        assert width(9, together=False) < width(1, together=True) / 2

    def test_are_the_same_for_the_same_seed(self) -> None:
        won, said = make_scores(60)
        leads = [f"L-{i}" for i in range(60)]
        first, again, other = (
            bootstrap_intervals(leads, won, [said], n_resamples=50, seed=seed)
            for seed in (1, 1, 2)
        )
        assert first == again
        assert first != other


class TestDifferences:
    def test_of_a_score_with_itself_are_nothing(self) -> None:
        won, said = make_scores(100)
        leads = [f"L-{i // 2}" for i in range(100)]
        drawn, again = (bootstrap(leads, won, said, n_resamples=20) for _ in "ab")
        for name, figure in drawn.items():
            assert not figure.minus(again[name]).resamples.any(), name

    def test_are_narrower_than_the_figures_when_scores_are_alike(self) -> None:
        won, said = make_scores(300)
        alike = said + np.random.default_rng(9).normal(0, 0.01, 300)
        leads = [f"L-{i}" for i in range(300)]
        one, other = (bootstrap(leads, won, p)["auc"] for p in (said, alike))
        assert other.minus(one).standard_error < one.standard_error / 5

    def test_a_resample_in_parts_is_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        won, said = make_scores(100)
        leads = [f"L-{i}" for i in range(100)]
        whole = bootstrap(leads, won, said, n_resamples=30)["auc"].resamples
        monkeypatch.setattr("training.metrics.bootstrap.CELLS_AT_ONCE", 700)
        in_parts = bootstrap(leads, won, said, n_resamples=30)["auc"].resamples
        assert np.array_equal(whole, in_parts)
