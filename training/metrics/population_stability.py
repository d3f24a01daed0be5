"""Population stability index (PSI): how far a distribution has moved."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from features.arrays import FloatArray, IntArray

N_BINS = 10  # deciles of the earlier sample, as is usual
N_LABELS = 20  # of a category, the commonest; what is rarer is one bin
SHIFTING, SHIFTED = 0.1, 0.25  # the usual rule of thumb: Siddiqi (2006), below


class Level(StrEnum):
    STABLE = "stable"
    SHIFTING = "shifting"
    SHIFTED = "shifted"


@dataclass(frozen=True, slots=True)
class Stability:
    """An index, >= 0, and what chance alone gives on average to samples as small."""

    index: float
    by_chance: float

    @property
    def level(self) -> Level:
        """By how much more than chance it moved."""
        moved = self.index - self.by_chance
        if moved < SHIFTING:
            return Level.STABLE
        return Level.SHIFTING if moved < SHIFTED else Level.SHIFTED


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`share`: in [0, 1], of the labels that come again.

    `n_labels`: how many labels, each as common, would be as varied (inverse Simpson).
    """

    share: float
    n_labels: float


def stability_index(before: FloatArray, after: FloatArray) -> Stability:
    r"""PSI of two samples counted in the same bins.

    .. math:: \sum_k (q_k - p_k) \ln \frac{q_k}{p_k}

    with half a unit added to each bin, so that an empty one has a share.

    Parameters
    ----------
    before, after : ndarray of shape (n_bins,), float64, >= 0
        What each bin weighs; the sum is the size of the sample, in leads.

    References
    ----------
    .. [1] Siddiqi (2006), "Credit Risk Scorecards", Wiley.
    .. [2] Yurdakul (2018), "Statistical properties of population stability index":
       by chance alone, (n_bins - 1)(1/n + 1/m) on average.

    Examples
    --------
    >>> same = stability_index(np.array([50.0, 50.0]), np.array([50.0, 50.0]))
    >>> same.index, same.by_chance
    (0.0, 0.02)
    >>> round(stability_index(np.array([90.0, 10.0]), np.array([50.0, 50.0])).index, 2)
    0.85
    """
    p, q = ((counted + 0.5) / (counted + 0.5).sum() for counted in (before, after))
    index = float(((q - p) * np.log(q / p)).sum())
    used = int(((before > 0) | (after > 0)).sum())
    n, m = (max(float(counted.sum()), 1.0) for counted in (before, after))
    return Stability(index, (used - 1) * (1 / n + 1 / m))


def column_stability(
    before: pl.Series, after: pl.Series, weights: tuple[FloatArray, FloatArray]
) -> Stability:
    """PSI of a column of numbers, or of labels; unknown values are a bin of their own.

    Parameters
    ----------
    before, after : Series of shape (n_before,), (n_after,), float64 or text
    weights : pair of ndarray of shape (n_before,), (n_after,), float64, > 0
    """
    bins = _label_bins if before.dtype == pl.String else _number_bins
    codes = bins(before, after)
    n_bins = 1 + max(int(code.max(initial=0)) for code in codes)
    counted = [
        np.bincount(code, weights=weight, minlength=n_bins).astype(np.float64)
        for code, weight in zip(codes, weights, strict=True)
    ]
    return stability_index(counted[0], counted[1])


def recurrence(
    before: pl.Series, after: pl.Series, weights: tuple[FloatArray, FloatArray]
) -> Recurrence | None:
    r"""How far the labels of one sample come again in another.

    .. math:: \sum_k \min(p_k, q_k)
        + \tfrac12 \sum_k \sqrt{\tfrac2\pi \, r_k (1 - r_k) (1/n + 1/m)}

    at most 1: the overlap, and what chance alone takes from it on average (r pools
    both samples, of n and m leads). None where one of the samples knows no label.

    Parameters
    ----------
    before, after : Series of shape (n_before,), (n_after,), text, null if unknown
    weights : pair of ndarray of shape (n_before,), (n_after,), float64, > 0

    Examples
    --------
    >>> old, new = pl.Series(["a"] * 90 + ["b"] * 10), pl.Series(["b"] * 90 + ["c"])
    >>> again = recurrence(old, new, (np.ones(100), np.ones(91)))
    >>> round(again.share, 2), round(again.n_labels, 1)
    (0.16, 2.0)
    """
    counted = [
        pl.DataFrame({"label": labels, "weight": weight}).drop_nulls()
        for labels, weight in zip((before, after), weights, strict=True)
    ]
    if any(sample.is_empty() for sample in counted):
        return None
    old, new = (
        sample.group_by("label").agg(pl.col("weight").sum()) for sample in counted
    )
    both = old.join(new, on="label", how="full", coalesce=True).fill_null(0)
    p, q = (both[name].to_numpy() for name in ("weight", "weight_right"))
    n, m = p.sum(), q.sum()
    pooled = (p + q) / (n + m)
    by_chance = np.sqrt(2 / np.pi * pooled * (1 - pooled) * (1 / n + 1 / m)).sum() / 2
    overlap = np.minimum(p / n, q / m).sum()
    return Recurrence(
        share=float(min(overlap + by_chance, 1.0)),
        n_labels=float(1 / (pooled**2).sum()),
    )


def _number_bins(before: pl.Series, after: pl.Series) -> list[IntArray]:
    """Codes from 0; 0 is unknown. Edges are quantiles of the known, each once."""
    numbers = [sample.to_numpy().astype(np.float64) for sample in (before, after)]
    known = numbers[0][~np.isnan(numbers[0])]
    steps = np.linspace(0, 1, N_BINS + 1)[1:-1]
    edges = np.unique(np.quantile(known, steps)) if len(known) else np.empty(0)
    return [
        np.where(np.isnan(sample), 0, 1 + np.searchsorted(edges, sample))
        for sample in numbers
    ]


def _label_bins(before: pl.Series, after: pl.Series) -> list[IntArray]:
    """Codes from 0: unknown, rare or unseen, then the commonest labels."""
    counts = before.drop_nulls().value_counts(sort=True, name="n")
    labels = counts.sort("n", before.name, descending=[True, False])[before.name]
    code = {label: 2 + place for place, label in enumerate(labels[:N_LABELS])}
    return [
        np.array([0 if label is None else code.get(label, 1) for label in sample])
        for sample in (before.to_list(), after.to_list())
    ]
