"""Closing rate and cycle time by level of automation, by stage and segment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from features.arrays import FloatArray
from governance.impact.interval import Estimate, percentiles, share
from governance.impact.lead_course import Attributes, Level

MIN_SALES = 10  # fewer have no median worth telling
_REPLICATES = 500


class By(StrEnum):
    STAGE = "stage"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Leads of one level: how many, and how many were won by the horizon.

    `rate` in [0, 1]; `cycle_days` is the median from entry to sale of those won, None
    with under MIN_SALES.
    """

    level: Level
    leads: int
    won: int
    rate: Estimate
    cycle_days: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`days_saved`: the median cycle with no automation less that with most of it."""

    by: By
    name: str
    levels: tuple[Closing, ...]
    days_saved: Estimate | None


def closings(leads: pl.DataFrame, seed: int) -> tuple[Closing, ...]:
    """By level, those that have a lead.

    Parameters
    ----------
    leads : DataFrame of shape (n_leads, 8 + n_attributes)
        Of `followed`, with `level` known.
    """
    return tuple(_closings(leads, np.random.default_rng(seed)))


def grouped(
    leads: pl.DataFrame, attributes: Attributes, *, first_stage: str | None, seed: int
) -> tuple[Group, ...]:
    """By stage at the end of the exposure, and by segment, the largest group first.

    `first_stage` is where a lead stands that hasn't moved.
    """
    rng = np.random.default_rng(seed)
    columns = {By.STAGE: pl.coalesce("stage", pl.lit(first_stage))}
    if attributes.segment in attributes.labels:
        columns[By.SEGMENT] = pl.col(attributes.segment or "")
    return tuple(
        group
        for by, column in columns.items()
        for group in _groups(leads.with_columns(group=column), by, rng)
    )


def _groups(leads: pl.DataFrame, by: By, rng: np.random.Generator) -> Iterator[Group]:
    sizes = leads["group"].drop_nulls().value_counts(sort=True)
    for name in sizes["group"]:
        members = leads.filter(pl.col("group") == name)
        yield Group(
            by=by,
            name=name,
            levels=tuple(_closings(members, rng)),
            days_saved=_days_saved(members, rng),
        )


def _closings(leads: pl.DataFrame, rng: np.random.Generator) -> Iterator[Closing]:
    for level in Level:
        of_level = leads.filter(pl.col("level") == level.value)
        if of_level.height:
            won = int(of_level["won"].sum())
            medians = _medians(of_level, rng)
            yield Closing(
                level=level,
                leads=of_level.height,
                won=won,
                rate=share(won, of_level.height),
                cycle_days=None if medians is None else percentiles(*medians),
            )


def _days_saved(leads: pl.DataFrame, rng: np.random.Generator) -> Estimate | None:
    none, most = (
        _medians(leads.filter(pl.col("level") == level.value), rng)
        for level in (Level.NONE, Level.MOST)
    )
    if none is None or most is None:
        return None
    return percentiles(none[0] - most[0], none[1] - most[1])


def _medians(
    leads: pl.DataFrame, rng: np.random.Generator
) -> tuple[float, FloatArray] | None:
    """The median cycle of those won, and those of _REPLICATES resamples by lead."""
    days = leads.filter("won")["days"].to_numpy()
    if len(days) < MIN_SALES:
        return None
    drawn = rng.choice(days, (_REPLICATES, len(days)))
    return float(np.median(days)), np.median(drawn, axis=1)


def speeding(groups: Iterable[Group]) -> list[tuple[Group, Estimate]]:
    """Where automation surely brings sales sooner, or later, and by how many days."""
    return [
        (group, group.days_saved)
        for group in groups
        if group.days_saved is not None and group.days_saved.is_clear
    ]
