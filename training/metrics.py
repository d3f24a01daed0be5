"""How good a score is: ranking, calibration, and their intervals by lead."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Metric = Callable[[BoolArray, FloatArray, FloatArray], float]


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
    return float(roc_auc_score(won, probability, sample_weight=weight))


def average_precision(
    won: BoolArray, probability: FloatArray, weight: FloatArray
) -> float:
    """Average precision (area under precision and recall), in [0, 1].

    Parameters
    ----------
    won : ndarray of shape (n,), bool
        At least one is won, else the answer is 0.
    probability : ndarray of shape (n,), float64, in [0, 1]
    weight : ndarray of shape (n,), float64, >= 0

    References
    ----------
    .. [1] Zhu (2004), "Recall, precision and average precision".
    """
    return float(average_precision_score(won, probability, sample_weight=weight))


def logarithmic_loss(
    won: BoolArray, probability: FloatArray, weight: FloatArray
) -> float:
    """Mean negative log-likelihood, in nats, >= 0; probabilities kept off 0 and 1.

    Parameters
    ----------
    won : ndarray of shape (n,), bool
        Both outcomes are there.
    probability : ndarray of shape (n,), float64, in [0, 1]
    weight : ndarray of shape (n,), float64, >= 0

    Raises
    ------
    ValueError
        If only one outcome is there.

    References
    ----------
    .. [1] Good (1952), "Rational decisions", JRSS B 14.
    """
    inside = np.clip(probability, 1e-6, 1 - 1e-6)
    return float(log_loss(won, inside, sample_weight=weight))


def calibration_error(
    won: BoolArray, probability: FloatArray, weight: FloatArray, *, n_bins: int = 10
) -> float:
    """Expected calibration error over bins of equal mass, in [0, 1].

    Equal scores share their outcomes, so that the order of rows doesn't matter.

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
    said, group = np.unique(probability, return_inverse=True)
    mass = np.bincount(group, weight)
    rate = np.bincount(group, weight * won) / np.where(mass > 0, mass, 1.0)
    order = np.argsort(group, kind="stable")
    w, gap = weight[order], ((rate - said)[group] * weight)[order]
    total = w.sum()
    bin_of = np.minimum((np.cumsum(w) - w / 2) / total * n_bins, n_bins - 1).astype(int)
    return float(np.abs(np.bincount(bin_of, gap, n_bins)).sum() / total)


def lift(
    won: BoolArray, probability: FloatArray, weight: FloatArray, *, share: float = 0.1
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
    counted = weight > 0  # a resample leaves leads out
    won, probability, weight = won[counted], probability[counted], weight[counted]
    _, group = np.unique(-probability, return_inverse=True)
    mass = np.bincount(group, weight)
    before = np.cumsum(mass) - mass
    wanted = share * weight.sum()
    taken = np.clip((wanted - before) / np.where(mass > 0, mass, 1), 0, 1)
    won_mass = np.bincount(group, weight * won)
    rate = (taken * won_mass).sum() / (taken * mass).sum()
    return float(rate / (won_mass.sum() / weight.sum()))


METRICS: Mapping[str, Metric] = {
    "auc": auc,
    "average_precision": average_precision,
    "log_loss": logarithmic_loss,
    "ece": calibration_error,
    "lift_at_10": lift,
}


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


def evaluate(won: BoolArray, probabilities: Sequence[FloatArray]) -> dict[str, float]:
    """Each metric, averaged over models.

    Parameters
    ----------
    won : ndarray of shape (n,), bool
    probabilities : sequence of ndarray of shape (n,), float64, in [0, 1]
        One array a seed.
    """
    weight = np.ones(len(won))
    return {
        name: float(np.mean([metric(won, p, weight) for p in probabilities]))
        for name, metric in METRICS.items()
    }


def bootstrap_intervals(
    lead_ids: Sequence[str],
    won: BoolArray,
    probabilities: Sequence[FloatArray],
    *,
    n_resamples: int = 200,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each metric with a percentile interval, by resampling whole leads.

    Parameters
    ----------
    lead_ids : sequence of n str
        Moments of one lead are resampled together: they are no independent facts.
    won : ndarray of shape (n,), bool
    probabilities : sequence of ndarray of shape (n,), float64, in [0, 1]
        One array a seed; the metric is their mean.
    """
    _, lead = np.unique(np.asarray(lead_ids), return_inverse=True)
    draws = np.random.default_rng(seed)
    n_leads = int(lead.max()) + 1
    weights = [
        np.bincount(draws.integers(n_leads, size=n_leads), minlength=n_leads)[lead]
        for _ in range(n_resamples)
    ]
    point = evaluate(won, probabilities)
    return {
        name: _interval(point[name], metric, won, probabilities, weights)
        for name, metric in METRICS.items()
    }


def _interval(
    value: float,
    metric: Metric,
    won: BoolArray,
    probabilities: Sequence[FloatArray],
    weights: Sequence[NDArray[np.int64]],
) -> Interval:
    drawn = [
        np.mean([metric(won, p, weight.astype(float)) for p in probabilities])
        for weight in weights
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high))
