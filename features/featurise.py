"""One row of signals per lead and moment. Pure, and point in time."""

import math
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

import polars as pl

from features.catalogue import Catalogue, Last, Latency, Signal
from features.known import (
    MOMENT_SCHEMA,
    ROW,
    as_number,
    divided,
    field_column,
    is_selected,
    known_events,
)
from features.selector import FieldSelector, Selector

ZERO_WITHOUT_EVENTS = frozenset({"count", "distinct", "sum", "trend"})
ROWS_AT_ONCE = 3_000_000  # (moment, event) pairs held in memory: about 1 GB


def featurise(
    events: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """Compute the catalogue's signals of each lead at each moment.

    The same function serves a log of millions of events and the events of one
    lead in a request.

    Parameters
    ----------
    events : DataFrame of EVENT_SCHEMA
        In any order; what was not known at a moment is not used for it.
    moments : DataFrame of shape (n_moments, 2), MOMENT_SCHEMA
    catalogue : Catalogue

    Returns
    -------
    DataFrame of shape (n_moments, 2 + n_signals), in the order of `moments`
        `lead_id`, `moment`, then the signals in the catalogue's order: float64
        (days, hours for latencies, counts, shares in [0, 1]) with NaN where
        unknown, and text with null for categories.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from features.catalogue import parse_catalogue
    >>> from features.event import Actor, Event, events_frame
    >>> noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    >>> visit = Event(event_id="1", source="site", lead_id="L-1", kind="page_viewed",
    ...               occurred_at=noon, received_at=noon, actor=Actor.LEAD,
    ...               data={"page": "tarifs"})
    >>> catalogue = parse_catalogue('''
    ... name = "example"
    ... [[idea]]
    ... name = "interet_tarifs"
    ... expected = "appel"
    ... [[signal]]
    ... name = "pricing_views"
    ... idea = "interet_tarifs"
    ... count = { kind = "page_viewed", where = { page = "tarifs" } }
    ... ''')
    >>> featurise(events_frame([visit]), moments_frame([("L-1", noon)]), catalogue)[
    ...     "pricing_views"].to_list()
    [1.0]
    """
    n_parts = _parts_needed(events, moments)
    if n_parts == 1:
        return _featurise_at_once(events, moments, catalogue)
    part = (pl.col("lead_id").hash() % n_parts).alias("part")
    events_of = events.with_columns(part).partition_by("part", as_dict=True)
    indexed = moments.with_row_index("position").with_columns(part)
    done = [
        some.select("position").hstack(
            _featurise_at_once(
                events_of.get(key, events.clear()).select(events.columns),
                some.select(MOMENT_SCHEMA.names()),
                catalogue,
            )
        )
        for key, some in indexed.partition_by("part", as_dict=True).items()
    ]
    return pl.concat(done).sort("position").drop("position")


def moments_frame(pairs: Iterable[tuple[str, datetime]]) -> pl.DataFrame:
    """Pairs of a lead and an aware moment, as a frame of MOMENT_SCHEMA."""
    return pl.DataFrame(list(pairs), schema=MOMENT_SCHEMA, orient="row")


def _parts_needed(events: pl.DataFrame, moments: pl.DataFrame) -> int:
    if events.height * moments.height <= ROWS_AT_ONCE:
        return 1
    per_lead = events.group_by("lead_id").len()
    pairs = moments.join(per_lead, on="lead_id")["len"].sum()
    return max(1, math.ceil(pairs / ROWS_AT_ONCE))


def _featurise_at_once(
    events: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    known = known_events(events, moments, catalogue)
    return signals_of(known, moments, catalogue)


def signals_of(
    known: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """What `featurise` returns, for events already paired by `known_events`."""
    helpers, aggregates = _plan(catalogue)
    signals = known.with_columns(helpers).group_by(ROW).agg(aggregates)
    return (
        moments.with_row_index(ROW)
        .join(signals, on=ROW, how="left", maintain_order="left")
        .select(*MOMENT_SCHEMA.names(), *map(_settled, catalogue.signals))
    )


def _settled(signal: Signal) -> pl.Expr:
    """The column as the catalogue promises it: no event at all is a count of zero."""
    column = pl.col(signal.name)
    if signal.is_category:
        return column
    nothing = 0.0 if signal.aggregate in ZERO_WITHOUT_EVENTS else math.nan
    return column.cast(pl.Float64).fill_null(nothing)


@lru_cache(maxsize=32)
def _plan(catalogue: Catalogue) -> tuple[list[pl.Expr], list[pl.Expr]]:
    """Columns to add to the known events, and what to aggregate, per catalogue."""
    helpers: list[pl.Expr] = []
    aggregates: list[pl.Expr] = []
    for signal in catalogue.signals:
        columns, aggregate = _expressions(signal)
        helpers += columns
        aggregates.append(aggregate.alias(signal.name))
    return helpers, aggregates


def _expressions(signal: Signal) -> tuple[list[pl.Expr], pl.Expr]:
    if signal.latency is not None:
        return _latency(signal.name, signal.latency)
    if signal.share is not None:
        return _share(signal.name, signal)
    if signal.trend is not None:
        return _trend(signal.name, signal)
    mask = f"{signal.name}.is"
    (selector,) = signal.selectors
    return [is_selected(selector, signal.window_days).alias(mask)], _simple(
        signal.aggregate, selector, pl.col(mask)
    )


def _simple(aggregate: str, selector: Selector, mask: pl.Expr) -> pl.Expr:
    age = pl.when(mask).then(pl.col("age_days"))
    if not isinstance(selector, FieldSelector):
        return {
            "count": mask.sum(),
            "days_since_last": age.min(),
            "days_since_first": age.max(),
        }[aggregate]
    text = pl.when(mask).then(pl.col(field_column(selector.field)))
    number = as_number(text)
    is_text = isinstance(selector, Last) and selector.type == "category"
    return {
        "distinct": text.drop_nulls().n_unique(),
        "sum": number.sum(),
        "mean": number.mean(),
        "last": (text if is_text else number).drop_nulls().last(),
    }[aggregate]


def _share(name: str, signal: Signal) -> tuple[list[pl.Expr], pl.Expr]:
    assert signal.share is not None
    among, of = f"{name}.among", f"{name}.of"
    of_both = is_selected(signal.share.of) & is_selected(signal.share.among)
    columns = [
        is_selected(signal.share.among, signal.window_days).alias(among),
        (of_both & is_selected(Selector(), signal.window_days)).alias(of),
    ]
    total = pl.col(among).sum()
    return columns, pl.when(total > 0).then(pl.col(of).sum() / total)


def _trend(name: str, signal: Signal) -> tuple[list[pl.Expr], pl.Expr]:
    assert signal.trend is not None
    assert signal.window_days is not None
    both, recent = f"{name}.both", f"{name}.recent"
    columns = [
        is_selected(signal.trend, 2 * signal.window_days).alias(both),
        is_selected(signal.trend, signal.window_days).alias(recent),
    ]
    return columns, 2 * pl.col(recent).sum().cast(pl.Int64) - pl.col(both).sum()


def _latency(name: str, latency: Latency) -> tuple[list[pl.Expr], pl.Expr]:
    asks, answers = is_selected(latency.from_), is_selected(latency.to)
    asking = pl.when(asks | answers).then(asks)  # null where it is neither
    if latency.statistic == "pending":
        since = pl.when(asks).then(pl.col("age_days") * 24)
        columns = [asking.alias(f"{name}.asking"), since.alias(f"{name}.since")]
        is_waiting = pl.col(f"{name}.asking").drop_nulls().last()
        return columns, pl.when(is_waiting).then(
            pl.col(f"{name}.since").drop_nulls().last()
        )
    asked_at = pl.when(asks).then(pl.col("occurred_at"))
    was_asked = asking.forward_fill().shift(1).over(ROW)
    elapsed = pl.col("occurred_at") - asked_at.forward_fill().shift(1).over(ROW)
    hours = divided(elapsed.dt.total_microseconds(), 3_600e6)
    answered = pl.when(answers & was_asked).then(hours).alias(f"{name}.hours")
    column = pl.col(f"{name}.hours")
    if latency.statistic == "median":
        return [answered], column.median()
    return [answered], column.drop_nulls().last()
