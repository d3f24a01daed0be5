"""How good a score is: ranking, calibration, and their intervals by lead."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from features.arrays import BoolArray, FloatArray
from training.metrics.bootstrap import Drawn, Interval, lead_weights, mean_drawn
from training.metrics.weighted_metrics import N_BINS, TOP_SHARE, Ranking

Metric = Callable[[Ranking], FloatArray]
N_RESAMPLES = 200


def auc(won: BoolArray, probability: FloatArray, weight: FloatArray) -> float:
    """Area under the ROC curve, in [0, 1]; NaN where only one outcome is there.

    Parameters
    ----------
    won : ndarray of shape (n,), bool
    probability : ndarray of shape (n,), float64, in [0, 1]
    weight : ndarray of shape (n,), float64, >= 0

    References
    ----------
    .. [1] Hanley & McNeil (1982), "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve", Radiology 143.
    """
    return _once(won, probability, weight).auc().item()


def average_precision(
    won: BoolArray, probability: FloatArray, weight: FloatArray
) -> float:
    """Average precision (area under precision and recall), in [0, 1].

    Parameters
    ----------
    won : ndarray of shape (n,), bool
        At least one is won, else the answer is NaN.
    probability : ndarray of shape (n,), float64, in [0, 1]
    weight : ndarray of shape (n,), float64, >= 0

    References
    ----------
    .. [1] Zhu (2004), "Recall, precision and average precision".
    """
    return _once(won, probability, weight).average_precision().item()


def logarithmic_loss(
    won: BoolArray, probability: FloatArray, weight: FloatArray
) -> float:
    """Mean negative log-likelihood, in nats, >= 0; probabilities kept off 0 and 1.

    Parameters
    ----------
    won : ndarray of shape (n,), bool
    probability : ndarray of shape (n,), float64, in [0, 1]
    weight : ndarray of shape (n,), float64, >= 0

    References
    ----------
    .. [1] Good (1952), "Rational decisions", JRSS B 14.
    """
    return _once(won, probability, weight).log_loss().item()


def calibration_error(
    won: BoolArray, probability: FloatArray, weight: FloatArray, *, n_bins: int = N_BINS
) -> float:
    """Expected calibration error over bins of equal mass, in [0, 1].

    Equal scores share their outcomes, and lie on both sides of a bin's edge in
    proportion, so that the order of rows doesn't matter.

    Parameters
    ----------
    won : ndarray of shape (n,), bool
    probability : ndarray of shape (n,), float64, in [0, 1]
    weight : ndarray of shape (n,), float64, >= 0
    n_bins : int, >= 1

    References
    ----------
    .. [1] Naeini, Cooper & Hauskrecht (2015), "Obtaining well calibrated
       probabilities using Bayesian binning", AAAI.

    Examples
    --------
    >>> said = np.array([0.1, 0.1, 0.9, 0.9])
    >>> round(calibration_error(np.array([0, 0, 1, 1], bool), said, np.ones(4)), 6)
    0.1
    """
    ranking = _once(won, probability, weight)
    return ranking.calibration_error(n_bins=n_bins).item()


def lift(
    won: BoolArray,
    probability: FloatArray,
    weight: FloatArray,
    *,
    share: float = TOP_SHARE,
) -> float:
    """Winning rate among the best-scored `share`, over that of all; >= 0.

    Ties at the edge count in proportion, so that a constant score has lift 1.

    Parameters
    ----------
    won : ndarray of shape (n,), bool
        At least one is won.
    probability : ndarray of shape (n,), float64, in [0, 1]
    weight : ndarray of shape (n,), float64, >= 0
    share : float in (0, 1]

    Examples
    --------
    >>> lift(np.array([True, False]), np.array([0.5, 0.5]), np.ones(2), share=0.5)
    1.0
    """
    return _once(won, probability, weight).lift(share=share).item()


METRICS: Mapping[str, Metric] = {
    "auc": Ranking.auc,
    "average_precision": Ranking.average_precision,
    "log_loss": Ranking.log_loss,
    "ece": Ranking.calibration_error,
    "lift_at_10": Ranking.lift,
}


def evaluate(won: BoolArray, probabilities: Sequence[FloatArray]) -> dict[str, float]:
    """Each metric, averaged over models.

    Parameters
    ----------
    won : ndarray of shape (n,), bool
    probabilities : sequence of ndarray of shape (n,), float64, in [0, 1]
        One array a seed.
    """
    rankings = [_once(won, p, np.ones(len(won))) for p in probabilities]
    return {
        name: float(np.mean([metric(ranking) for ranking in rankings]))
        for name, metric in METRICS.items()
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
    found: dict[str, list[FloatArray]] = {name: [] for name in metrics}
    for weights in lead_weights(lead_ids, n_resamples=n_resamples, seed=seed):
        ranking = Ranking(won, probability, weights)
        for name, metric in metrics.items():
            found[name].append(metric(ranking))
    return {name: Drawn.of(np.concatenate(drawn)) for name, drawn in found.items()}


def bootstrap_intervals(
    lead_ids: Sequence[str],
    won: BoolArray,
    probabilities: Sequence[FloatArray],
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each metric with its 95 % interval, by resampling whole leads.

    Parameters
    ----------
    lead_ids : sequence of n str
    won : ndarray of shape (n,), bool
    probabilities : sequence of ndarray of shape (n,), float64, in [0, 1]
        One array a seed; the metric is their mean.
    """
    each = [
        bootstrap(lead_ids, won, p, n_resamples=n_resamples, seed=seed)
        for p in probabilities
    ]
    return {
        name: mean_drawn([drawn[name] for drawn in each]).interval for name in METRICS
    }


def _once(won: BoolArray, probability: FloatArray, weight: FloatArray) -> Ranking:
    return Ranking(won, probability, weight[None])
