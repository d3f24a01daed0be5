"""Bootstrap by lead: what a figure would have been with other leads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from features.arrays import FloatArray, IntArray

LEVEL = 0.95
CELLS_AT_ONCE = 4_000_000  # weights held at once: 32 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def named(self, name: str) -> dict[str, float]:
        """The three, by the names that they are logged under."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure, and its values over resamples of the leads, (n_resamples,) float64.

    A resample in which the figure isn't defined is NaN, and bounds ignore it.
    """

    value: float
    resamples: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> "Drawn":
        """From a figure and its resamples, shape (1 + n_resamples,), float64."""
        return cls(float(values[0]), values[1:])

    def minus(self, other: "Drawn") -> "Drawn":
        """The difference, resample by resample: both must have the same leads."""
        return Drawn(self.value - other.value, self.resamples - other.resamples)

    def lower(self, level: float = LEVEL) -> float:
        """The one-sided lower bound at a level in (0, 1)."""
        return float(np.nanquantile(self.resamples, 1 - level))

    def upper(self, level: float = LEVEL) -> float:
        """The one-sided upper bound at a level in (0, 1)."""
        return float(np.nanquantile(self.resamples, level))

    @property
    def standard_error(self) -> float:
        return float(np.nanstd(self.resamples, ddof=1))

    def chance_of_at_least(self, bound: float) -> float:
        """How likely such a figure is where the true one is `bound` or more, in [0, 1].

        The p-value of "less than `bound`", by the normal law: percentiles of a few
        hundred resamples don't reach the levels that many tests at once ask for.
        """
        if not self.standard_error > 0:
            return float(self.value >= bound)
        return NormalDist(bound, self.standard_error).cdf(self.value)

    def normal_upper(self, level: float = LEVEL) -> float:
        """The one-sided upper bound at a level in (0, 1), by the normal law."""
        return self.value + NormalDist().inv_cdf(level) * self.standard_error

    @property
    def interval(self) -> Interval:
        """The two-sided 95 % interval, percentiles of the resamples."""
        half = (1 + LEVEL) / 2
        return Interval(self.value, self.lower(half), self.upper(half))


def mean_drawn(several: Sequence[Drawn]) -> Drawn:
    """The mean of several figures on the same leads, resample by resample."""
    return Drawn(
        float(np.mean([drawn.value for drawn in several])),
        np.mean([drawn.resamples for drawn in several], axis=0),
    )


def lead_weights(
    lead_ids: Sequence[str], *, n_resamples: int, seed: int
) -> Iterator[FloatArray]:
    """How often each row counts: once, then in each resample of the leads.

    Yields
    ------
    ndarray of shape (n_weightings, n), float64, >= 0
        In parts, 1 + `n_resamples` weightings in all; the first is all ones.

    Examples
    --------
    >>> [weights] = lead_weights(["a", "a", "b"], n_resamples=1, seed=1)
    >>> weights.tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    _, lead = np.unique(np.asarray(lead_ids), return_inverse=True)
    n_leads = int(lead.max()) + 1
    draws = np.random.default_rng(seed)
    at_once = max(CELLS_AT_ONCE // len(lead), 1)
    for first in range(0, 1 + n_resamples, at_once):
        several = range(first, min(first + at_once, 1 + n_resamples))
        counts = [_counts(draws, n_leads, is_drawn=number > 0) for number in several]
        yield np.array(counts, np.float64)[:, lead]


def _counts(draws: np.random.Generator, n_leads: int, *, is_drawn: bool) -> IntArray:
    if not is_drawn:
        return np.ones(n_leads, np.int64)
    return np.bincount(draws.integers(n_leads, size=n_leads), minlength=n_leads)
