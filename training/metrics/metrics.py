"""Quality metrics of a score, with intervals by resampling whole leads.

A `Ranking` gives each metric under many weightings at once, as a bootstrap asks for
them: rows of equal score form one group, everything is read off the groups' masses,
and rows are sorted once, not once a resample.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from features.arrays import BoolArray, FloatArray
from training.metrics.bootstrap import Drawn, Interval, lead_weights, mean_drawn

CERTAIN = 1e-6  # probabilities are kept this far off 0 and 1
N_BINS = 10
TOP_SHARE = 0.1
N_RESAMPLES = 200


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
    >>> Ranking.of(won, said).auc()
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
        self._all: FloatArray = self.mass.sum(axis=1)
        self._all_won: FloatArray = self.won.sum(axis=1)

    @classmethod
    def of(cls, won: BoolArray, probability: FloatArray) -> "Ranking":
        """The ranking in which each row counts once; both arrays are (n_rows,)."""
        return cls(won, probability, np.ones((1, len(won))))

    def auc(self) -> FloatArray:
        """Area under the ROC curve, (n_weightings,), in [0, 1] (Hanley & McNeil 1982).

        NaN where only one outcome is there.
        """
        lost = self.mass - self.won
        below = lost.sum(axis=1, keepdims=True) - np.cumsum(lost, axis=1) + lost / 2
        return ratio((self.won * below).sum(axis=1), self._all_won * lost.sum(axis=1))

    def average_precision(self) -> FloatArray:
        """Average precision, (n_weightings,), in [0, 1] (Zhu 2004).

        NaN where none is won.
        """
        precision = ratio(np.cumsum(self.won, axis=1), np.cumsum(self.mass, axis=1))
        return ratio(np.nansum(self.won * precision, axis=1), self._all_won)

    def log_loss(self) -> FloatArray:
        """Mean negative log-likelihood, (n_weightings,), in nats, >= 0 (Good 1952).

        Probabilities are kept off 0 and 1.
        """
        inside = np.clip(self.said, CERTAIN, 1 - CERTAIN)
        lost = self.mass - self.won
        surprise = -(self.won @ np.log(inside) + lost @ np.log1p(-inside))
        return ratio(surprise, self._all)

    def calibration_error(self, *, n_bins: int = N_BINS) -> FloatArray:
        """Expected calibration error, bins of equal mass, (n_weightings,), in [0, 1].

        A group that lies across a bin's edge counts on both sides, in proportion, so
        that the order of rows doesn't matter.

        References
        ----------
        .. [1] Naeini, Cooper & Hauskrecht (2015), "Obtaining well calibrated
           probabilities using Bayesian binning", AAAI.

        Examples
        --------
        >>> said = np.array([0.1, 0.1, 0.9, 0.9])
        >>> Ranking.of(np.array([0, 0, 1, 1], bool), said).calibration_error().round(6)
        array([0.1])
        """
        gap = self._upto(self.won - self.said * self.mass)
        reached = self._upto(self.mass)
        shares = np.arange(n_bins + 1) / n_bins
        at_edge = np.array(
            [np.interp(shares * m[-1], m, g) for m, g in zip(reached, gap, strict=True)]
        )
        return ratio(np.abs(np.diff(at_edge, axis=1)).sum(axis=1), self._all)

    def lift(self, *, share: float = TOP_SHARE) -> FloatArray:
        """Winning rate of the best-scored `share` over that of all, (n_weightings,).

        Ties at the edge count in proportion, so that a constant score has lift 1; NaN
        where none is won.
        """
        before = np.cumsum(self.mass, axis=1) - self.mass
        wanted = share * self._all[:, None] - before
        taken = np.clip(ratio(wanted, self.mass), 0, 1)
        won, mass = (np.nansum(taken * of, axis=1) for of in (self.won, self.mass))
        return ratio(won / mass * self._all, self._all_won)

    @staticmethod
    def _upto(values: FloatArray) -> FloatArray:
        return np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Part over whole, of any one shape; NaN where the whole is nothing."""
    answer: FloatArray = np.divide(
        part, whole, out=np.full(part.shape, np.nan), where=whole != 0
    )
    return answer


Metric = Callable[[Ranking], FloatArray]
METRICS: Mapping[str, Metric] = {
    "auc": Ranking.auc,
    "average_precision": Ranking.average_precision,
    "log_loss": Ranking.log_loss,
    "ece": Ranking.calibration_error,
    "lift_at_10": Ranking.lift,
}


def bootstrap(
    lead_ids: Sequence[str],
    won: BoolArray,
    probability: FloatArray,
    *,
    metrics: Mapping[str, Metric] = METRICS,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Drawn]:
    """Each metric, and what it would have been with other leads.

    The same leads and the same seed give the same resamples, so two scores of the
    same rows can be compared resample by resample (`Drawn.minus`).

    Parameters
    ----------
    lead_ids : sequence of n str
        Moments of one lead are resampled together: they are no independent facts.
    won : ndarray of shape (n,), bool
    probability : ndarray of shape (n,), float64, in [0, 1]
    n_resamples : int, >= 2

    References
    ----------
    .. [1] Efron & Tibshirani (1993), "An Introduction to the Bootstrap".
    """
    values: dict[str, list[FloatArray]] = {name: [] for name in metrics}
    for weights in lead_weights(lead_ids, n_resamples=n_resamples, seed=seed):
        ranking = Ranking(won, probability, weights)
        for name, metric in metrics.items():
            values[name].append(metric(ranking))
    return {name: Drawn.of(np.concatenate(drawn)) for name, drawn in values.items()}


def bootstrap_intervals(
    lead_ids: Sequence[str],
    won: BoolArray,
    probabilities: Sequence[FloatArray],
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each metric with its 95 % interval, by resampling leads as `bootstrap` does.

    `won` is (n_moments,), `probabilities` one such array a seed; the metric is their
    mean.
    """
    each = [
        bootstrap(lead_ids, won, p, n_resamples=n_resamples, seed=seed)
        for p in probabilities
    ]
    return {
        name: mean_drawn([drawn[name] for drawn in each]).interval for name in METRICS
    }
