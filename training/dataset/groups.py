"""Groups of moments to look at one by one: segments of leads, and ages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from features.arrays import BoolArray, FloatArray
from features.catalogue import Catalogue, Nature

WHOLE = "all"  # dimension and label of all moments together
AGE = "age"
AGE_DAYS = (-np.inf, 1, 7, 14, 30, 60, 90, np.inf)
N_BANDS = 4  # of a number: what tells small leads from large ones, and is readable
MIN_LEADS = 30  # of a group: fewer say nothing


@dataclass(frozen=True, slots=True)
class Group:
    """Rows (n_moments,) of one label of a dimension: an attribute, or the age.

    `band`: over which number and up to which, where the label tells that in English.
    """

    dimension: str
    label: str
    rows: BoolArray
    band: tuple[float, float] | None = None


def whole_and_parts(
    signals: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> list[Group]:
    """All moments, then each segment of leads, then each band of ages."""
    whole = Group(WHOLE, WHOLE, np.ones(moments.height, bool))
    return [whole, *segments(signals, moments, catalogue), *age_bands(moments)]


def segments(
    signals: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> list[Group]:
    """Leads of one label of an attribute, or of one band of a number.

    The attributes are those that say who a lead is (ideas of nature `fit`): sector,
    source, headcount. Bands are the quarters of the values that are there. `signals`
    (n_moments, 2 + n_signals) as `featurise` returns it, `moments` row for row.
    """
    return [
        group
        for signal in catalogue.signals
        if signal.is_attribute and not signal.is_text
        if catalogue.ideas[signal.idea].nature is Nature.FIT
        for group in _each_label(signal.name, signals[signal.name])
        if _leads(moments, group.rows) >= MIN_LEADS
    ]


def age_bands(moments: pl.DataFrame) -> list[Group]:
    """Moments of leads about as old; `moments` as `LabelledMoments.frame`."""
    age = ((moments["moment"] - moments["first_at"]) / timedelta(days=1)).to_numpy()
    groups = (
        Group(AGE, f"{_band(low, high)} d", (age > low) & (age <= high))
        for low, high in pairwise(AGE_DAYS)
    )
    return [group for group in groups if _leads(moments, group.rows) >= MIN_LEADS]


def lead_counts(moments: pl.DataFrame, rows: BoolArray) -> tuple[int, int]:
    """How many leads of some rows (n_moments,) were won, and how many were not.

    A lead is won if one of its moments has a win within the horizon.
    """
    of_lead = moments.filter(rows).group_by("lead_id").agg(pl.col("won").any())
    won = int(of_lead["won"].sum())
    return won, of_lead.height - won


def _each_label(name: str, values: pl.Series) -> Iterator[Group]:
    if values.dtype == pl.String:
        for label in values.drop_nulls().unique().sort():
            rows = (values == label).fill_null(value=False).to_numpy()
            yield Group(name, label, rows)
        return
    numbers = values.to_numpy()
    for low, high in pairwise(_edges(numbers)):
        rows = (numbers > low) & (numbers <= high)
        yield Group(name, _band(low, high), rows, (low, high))


def _band(low: float, high: float) -> str:
    if low == -np.inf:
        return f"up to {high:g}"
    return f"over {low:g}" if high == np.inf else f"{low:g} to {high:g}"


def _edges(numbers: FloatArray) -> list[float]:
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return []
    cuts = np.quantile(known, np.arange(1, N_BANDS) / N_BANDS)
    return [-np.inf, *np.unique(cuts).tolist(), np.inf]


def _leads(moments: pl.DataFrame, rows: BoolArray) -> int:
    return moments["lead_id"].filter(pl.Series(rows)).n_unique()
