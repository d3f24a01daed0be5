"""Where grades and priorities begin: quantiles of the calibration scores."""

from collections.abc import Sequence

import numpy as np

from features.arrays import FloatArray

GRADE_SHARES = (0.10, 0.30, 0.60)  # the best tenth is A, then B, C; the rest is D
ATYPICAL_SHARE = 0.005  # of the training moments: a person looks at what is as rare
PRIORITY_SHARES = (0.15, 0.60)  # elevee above, basse below: a rep's week holds a few


def quantile_cuts(
    scores: FloatArray, weight: FloatArray, shares: Sequence[float]
) -> tuple[float, ...]:
    """The scores that the best `shares` of moments reach.

    Parameters
    ----------
    scores : ndarray of shape (n_moments,), float64, points
    weight : ndarray of shape (n_moments,), float64, >= 0
    shares : sequence of float in (0, 1), increasing

    Returns
    -------
    tuple of float, points, decreasing

    Examples
    --------
    >>> quantile_cuts(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4), [0.25, 0.5])
    (4.0, 3.0)
    """
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    positions = np.minimum(np.searchsorted(reached, shares), len(scores) - 1)
    return tuple(float(score) for score in scores[order][positions])
