"""Adjusted effect of automation on the chance of winning, all else being equal.

Who is written to by a machine is no accident: small leads from the web are, and those
win less often anyway. So the chance is modelled from what was known as leads entered,
once among leads that a machine mostly wrote to and once among those that it never did;
each model then speaks of the same leads, all of them, and the mean of what they say is
compared (g-computation: Robins 1986; Hernán & Robins, "Causal Inference: What If",
ch. 13). That mends what was recorded at entry, and nothing else.

Leads that entered too late for their horizon to be complete are left out, whatever
became of them: censoring then depends on the day of entry alone.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.arrays import BoolArray, FloatArray, IntArray
from governance.impact.interval import Estimate, percentiles
from governance.impact.lead_course import QUARTER, Attributes, Level

REPLICATES = 200  # of the bootstrap; more move a bound by a tenth of its width at most
MIN_OUTCOMES = 20  # won, and not won, in each of the two groups: fewer tell nothing
_MIN_LEADS = 20  # rarer labels are taken together
_NUMBER_CUTS = 10  # a number is cut at its deciles: no shape is assumed
_WIDE = 0.05  # of shares: smaller gaps are no reason that a reader would see
_UNKNOWN, _TO = "?", "–"
_COMPARED = (Level.MOST, Level.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSegment:
    """`difference` in [-1, 1] among the `leads` of a segment."""

    name: str
    leads: int
    difference: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A label of an attribute, and its share in [0, 1] in each of the two groups.

    The label of a number is a tenth of its values: see `bounds_of`.
    """

    attribute: str
    label: str
    most: float
    none: float

    @property
    def is_wide(self) -> bool:
        """Worth telling."""
        return abs(self.most - self.none) >= _WIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """The chance of being won by the horizon, mostly automated less not automated.

    `adjusted` and `naive` are differences in [-1, 1]; `chances` what is compared, all
    else being equal; `shifts` where the two groups differed most at entry.
    """

    leads: int
    adjusted: Estimate
    naive: Estimate
    chances: dict[Level, float]
    segments: tuple[OfSegment, ...]
    shifts: tuple[Shift, ...]


def adjusted(
    leads: pl.DataFrame, attributes: Attributes, *, seed: int
) -> Adjusted | None:
    """The adjusted difference, with a bootstrap by lead; None if too few ended.

    Parameters
    ----------
    leads : DataFrame of shape (n_leads, 8 + n_attributes)
        Of `followed`, with `level` known.
    """
    from threadpoolctl import threadpool_limits

    compared = [leads.filter(pl.col("level") == level)["won"] for level in _COMPARED]
    if any(min(won.sum(), (~won).sum()) < MIN_OUTCOMES for won in compared):
        return None
    labelled = _labelled(leads, attributes)
    names, segment = np.unique(_segments(leads, attributes), return_inverse=True)
    question = _Question(
        design=_design(labelled),
        won=leads["won"].to_numpy(),
        level=leads["level"].to_numpy(),
        segment=segment,
    )
    rng, even = np.random.default_rng(seed), np.full(leads.height, 1 / leads.height)
    with threadpool_limits(1, user_api="blas"):  # small matrices: threads only spin
        figures = question.figures(np.ones(leads.height))
        drawn = np.array(
            [
                question.figures(rng.multinomial(leads.height, even).astype(np.float64))
                for _ in range(REPLICATES)
            ]
        )
    most, none = figures[:2]
    difference, naive, *by_segment = (
        percentiles(float(value), replicates)
        for value, replicates in zip(figures[2:], drawn.T[2:], strict=True)
    )
    sizes = np.bincount(segment).tolist()
    return Adjusted(
        leads=leads.height,
        adjusted=difference,
        naive=naive,
        chances=dict(zip(_COMPARED, (float(most), float(none)), strict=True)),
        segments=tuple(
            OfSegment(name=name, leads=size, difference=estimate)
            for name, size, estimate in zip(names, sizes, by_segment, strict=True)
            if name != _UNKNOWN and size >= _MIN_LEADS
        ),
        shifts=_shifts(labelled, leads["level"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """`design` is (n_leads, n_columns) of 0 and 1; the rest (n_leads,)."""

    design: FloatArray
    won: BoolArray
    level: NDArray[np.object_]
    segment: IntArray

    def figures(self, weight: FloatArray) -> FloatArray:
        """(4 + n_segments,): the chance of each group, their difference, the naive
        one, and the difference in each segment, NaN where no lead was drawn.

        `weight` is (n_leads,): how often each lead was drawn.
        """
        groups = [(self.level == level) & (weight > 0) for level in _COMPARED]
        chances = [self._chances(group, weight) for group in groups]
        most, none = (np.average(chance, weights=weight) for chance in chances)
        raw = [np.average(self.won[g], weights=weight[g]) for g in groups]
        size = np.bincount(self.segment, weight)
        with np.errstate(invalid="ignore"):
            by_segment = (
                np.bincount(self.segment, weight * (chances[0] - chances[1])) / size
            )
        return np.array([most, none, most - none, raw[0] - raw[1], *by_segment])

    def _chances(self, group: BoolArray, weight: FloatArray) -> FloatArray:
        """(n_leads,): everyone's chance, as the group's leads tell it."""
        from sklearn.linear_model import LogisticRegression

        # A weak ridge (C = 1) keeps a label that never won from going to infinity.
        model = LogisticRegression(solver="newton-cholesky", C=1.0)
        model.fit(self.design[group], self.won[group], sample_weight=weight[group])
        chances: FloatArray = model.predict_proba(self.design)[:, 1]
        return chances


def _labelled(leads: pl.DataFrame, attributes: Attributes) -> pl.DataFrame:
    """What was known at entry as labels: (n_leads, 1 + n_attributes)."""
    return leads.select(
        pl.col(QUARTER, *attributes.labels),
        *(_cut(leads[name]) for name in attributes.numbers),
    ).fill_null(_UNKNOWN)


def _cut(numbers: pl.Series) -> pl.Series:
    """A number by its tenths: « 12–27 », from 12 on and under 27."""
    known = numbers.drop_nulls().to_numpy()
    if not len(known):
        return numbers.cast(pl.String)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _NUMBER_CUTS + 1)))
    inner = edges[1:-1]
    names = [f"{low:.0f}{_TO}{high:.0f}" for low, high in pairwise(edges)]
    at = np.searchsorted(inner, numbers.fill_null(0).to_numpy(), side="right")
    labels = pl.Series(numbers.name, names or [f"{edges[0]:.0f}"])[at]
    return labels.zip_with(numbers.is_not_null(), numbers.cast(pl.String))


def bounds_of(label: str) -> tuple[float, float]:
    """The bounds of a tenth.

    >>> bounds_of("12–27"), bounds_of("7")
    ((12.0, 27.0), (7.0, 7.0))
    """
    low, _, high = label.partition(_TO)
    return float(low), float(high or low)


def _design(labelled: pl.DataFrame) -> FloatArray:
    from sklearn.preprocessing import OneHotEncoder

    encoder = OneHotEncoder(min_frequency=_MIN_LEADS, sparse_output=False)
    design: FloatArray = encoder.fit_transform(labelled.to_numpy())
    return design


def _segments(leads: pl.DataFrame, attributes: Attributes) -> NDArray[np.object_]:
    """(n_leads,): the name of each lead's segment."""
    segment = attributes.segment
    if segment is None or segment not in attributes.labels:
        return np.full(leads.height, _UNKNOWN, dtype=object)
    return leads[segment].fill_null(_UNKNOWN).to_numpy()


def _shifts(labelled: pl.DataFrame, level: pl.Series) -> tuple[Shift, ...]:
    """For each attribute the label whose share differs most, widest first."""
    shifts = []
    for name in labelled.columns:
        if name == QUARTER:
            continue
        most, none = (
            labelled.filter(level == compared)[name].value_counts(normalize=True)
            for compared in _COMPARED
        )
        both = most.join(none, on=name, how="full", coalesce=True).fill_null(0)
        widest = (pl.col("proportion") - pl.col("proportion_right")).abs()
        label, in_most, in_none = both.sort(widest, name).row(-1)
        shifts.append(Shift(attribute=name, label=label, most=in_most, none=in_none))
    return tuple(sorted(shifts, key=lambda shift: -abs(shift.most - shift.none)))
