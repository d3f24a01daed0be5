import numpy as np
import pytest

from training.fitting.quantile_cuts import GRADE_SHARES, PRIORITY_SHARES, quantile_cuts

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
