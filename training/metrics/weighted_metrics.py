"""Metrics of one score under many weightings at once, as a bootstrap asks for them.

Rows of equal score form one group, and everything is read off the groups' masses:
rows are sorted once, not once a resample.
"""

from functools import cached_property

import numpy as np

from features.arrays import BoolArray, FloatArray

CERTAIN = 1e-6  # probabilities are kept this far off 0 and 1
N_BINS = 10
TOP_SHARE = 0.1


class Ranking:
    """A score's groups, the best first, under `n_weightings` weightings.

    Parameters
    ----------
    won : ndarray of shape (n,), bool
    probability : ndarray of shape (n,), float64, in [0, 1]
    weights : ndarray of shape (n_weightings, n), float64, >= 0

    Examples
    --------
    >>> won, said = np.array([True, False]), np.array([0.9, 0.2])
    >>> ranking = Ranking(won, said, np.ones((1, 2)))
    >>> ranking.auc()
    array([1.])
    """

    def __init__(
        self, won: BoolArray, probability: FloatArray, weights: FloatArray
    ) -> None:
        order = np.argsort(-probability, kind="stable")
        ranked = probability[order]
        starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        by_rank = weights[:, order]
        self.said: FloatArray = ranked[starts]  # (n_groups,), decreasing
        self.mass = np.add.reduceat(by_rank, starts, axis=1)
        self.won = np.add.reduceat(by_rank * won[order], starts, axis=1)

    def auc(self) -> FloatArray:
        """Area under the ROC curve, (n_weightings,), in [0, 1].

        NaN where only one outcome is there.
        """
        lost = self.mass - self.won
        below = lost.sum(axis=1, keepdims=True) - np.cumsum(lost, axis=1) + lost / 2
        return _ratio((self.won * below).sum(axis=1), self._all_won * lost.sum(axis=1))

    def average_precision(self) -> FloatArray:
        """Average precision, (n_weightings,), in [0, 1]; NaN where none is won."""
        precision = _ratio(np.cumsum(self.won, axis=1), np.cumsum(self.mass, axis=1))
        return _ratio(np.nansum(self.won * precision, axis=1), self._all_won)

    def log_loss(self) -> FloatArray:
        """Mean negative log-likelihood, (n_weightings,), in nats, >= 0."""
        inside = np.clip(self.said, CERTAIN, 1 - CERTAIN)
        lost = self.mass - self.won
        surprise = -(self.won @ np.log(inside) + lost @ np.log1p(-inside))
        return _ratio(surprise, self._all)

    def calibration_error(self, *, n_bins: int = N_BINS) -> FloatArray:
        """Expected calibration error over bins of equal mass, (n_weightings,).

        A group that lies across a bin's edge counts on both sides, in proportion.
        """
        gap = self._upto(self.won - self.said * self.mass)
        reached = self._upto(self.mass)
        shares = np.arange(n_bins + 1) / n_bins
        at_edge = np.array(
            [
                np.interp(shares * of[-1], of, g)
                for of, g in zip(reached, gap, strict=True)
            ]
        )
        return _ratio(np.abs(np.diff(at_edge, axis=1)).sum(axis=1), self._all)

    def lift(self, *, share: float = TOP_SHARE) -> FloatArray:
        """Winning rate of the best-scored `share` over that of all, (n_weightings,).

        NaN where none is won.
        """
        before = np.cumsum(self.mass, axis=1) - self.mass
        wanted = share * self._all[:, None] - before
        taken = np.clip(_ratio(wanted, self.mass), 0, 1)
        rate = np.nansum(taken * self.won, axis=1) / np.nansum(
            taken * self.mass, axis=1
        )
        return _ratio(rate * self._all, self._all_won)

    @cached_property
    def _all(self) -> FloatArray:
        total: FloatArray = self.mass.sum(axis=1)
        return total

    @cached_property
    def _all_won(self) -> FloatArray:
        total: FloatArray = self.won.sum(axis=1)
        return total

    @staticmethod
    def _upto(values: FloatArray) -> FloatArray:
        return np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """NaN where the whole is nothing."""
    answer: FloatArray = np.divide(
        part, whole, out=np.full(part.shape, np.nan), where=whole != 0
    )
    return answer
