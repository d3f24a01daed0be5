"""Featurisation: one row of signals per lead and moment, pure and point in time."""

import math
from collections.abc import Iterable
from datetime import datetime

import polars as pl

from features.aggregate import aggregate
from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.event import times
from features.timelines import MOMENT_SCHEMA, timelines_of

ZERO_WITHOUT_EVENTS = frozenset({"count", "distinct", "sum", "trend"})
EVENTS_AT_ONCE = 500_000  # events read at once: about 0.5 GB


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

    Returns
    -------
    DataFrame of shape (n_moments, 2 + n_signals), in the order of `moments`
        `lead_id`, `moment`, then the signals in the catalogue's order: float64
        (days, hours for latencies, counts, shares in [0, 1]) with NaN where
        unknown, and text with null for categories and texts.

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
    if moments.is_empty():
        events = events.clear()
    n_parts = max(1, math.ceil(events.height / EVENTS_AT_ONCE))
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
    listed = list(pairs)
    return pl.DataFrame(
        [
            pl.Series("lead_id", [lead_id for lead_id, _ in listed], pl.String),
            times("moment", [moment for _, moment in listed]),
        ]
    )


def _featurise_at_once(
    events: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    timelines = timelines_of(events, catalogue)
    program = timelines.program
    rows = timelines.rows(moments)
    table = aggregate(program.arrays, timelines.arrays, rows, program.n_signals)
    columns = [
        _labelled(name, table[:, i], timelines.labels_of(i))
        if name in catalogue.labelled
        else pl.Series(name, table[:, i])
        for i, name in enumerate(catalogue.names)
    ]
    return moments.select(MOMENT_SCHEMA.names()).hstack(columns)


def _labelled(name: str, codes: FloatArray, labels: tuple[str, ...]) -> pl.Series:
    position = pl.Series(codes).fill_nan(None).cast(pl.Int64)
    return pl.Series(labels, dtype=pl.String()).gather(position).alias(name)
