"""A figure and how sure it is."""

from dataclasses import dataclass

import numpy as np

from features.arrays import FloatArray

_BOUNDS = (2.5, 97.5)  # percentiles of a two-sided interval of 95 %


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its interval of 95 %, all in the unit of the value."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Zero stands outside the interval."""
        return self.low > 0 or self.high < 0

    @property
    def width(self) -> float:
        return self.high - self.low


def percentiles(value: float, replicates: FloatArray) -> Estimate:
    """The percentile interval of a bootstrap (Efron & Tibshirani 1993, ch. 13).

    Parameters
    ----------
    replicates : (n_replicates,), at least 1; NaN are left out.

    Examples
    --------
    >>> percentiles(50.0, np.arange(101.0))
    Estimate(value=50.0, low=2.5, high=97.5)
    """
    low, high = np.nanpercentile(replicates, _BOUNDS)
    return Estimate(value, float(low), float(high))


def share(count: int, among: int) -> Estimate:
    """A share in [0, 1] with Wilson's interval; `among` is at least 1.

    Examples
    --------
    >>> one_in_ten = share(1, 10)
    >>> round(one_in_ten.low, 3), round(one_in_ten.high, 3)
    (0.018, 0.404)
    """
    from scipy.stats import binomtest

    interval = binomtest(count, among).proportion_ci(0.95, method="wilson")
    return Estimate(count / among, float(interval.low), float(interval.high))
