"""Records of a block as rows of the event log: identifiers, instants, deliveries."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from data.demo.block import Block
from data.demo.company import company
from data.demo.profile import SECTORS, SOURCES
from data.demo.record import Occurrences, Records
from features.arrays import FloatArray, IntArray
from features.event import EVENT_SCHEMA, TIME

SECOND = 1_000_000  # microseconds, as in the log
DAY = 86_400 * SECOND
DAY_STARTS, DAY_HOURS = 5.5, 13  # hours, UTC

# Seconds from an event to its reception, when not late: exponential means.
MEAN_LAG = {"site": 4, "mail": 240, "crm": 15, "mobile": 120}
LONGEST_LAG = 1200
TWICE = 0.012  # share of events delivered twice
TWICE_AFTER = 5 * 3600  # seconds, mean: another delivery of the same event


def entries(block: Block) -> Records:
    """What is recorded of each lead at entry."""
    profiles = block.profiles
    fields = {
        "sector": np.array(SECTORS)[profiles.sector],
        "headcount": profiles.headcount,
        "lead_source": np.array(SOURCES)[profiles.source],
        "region": np.array(list(company().regions))[profiles.region],
        "owner": np.array(company().owners)[profiles.owner],
    }
    leads = np.arange(len(block.lead_ids))
    at = Occurrences.same_day(leads, np.zeros_like(leads))
    by_site = profiles.source == SOURCES.index("site_web")
    return Records("crm", "attributes_set", by_site, at, block.entry_moment, fields)


def events_of(
    rng: np.random.Generator, block: Block, records: Sequence[Records], number: int
) -> pl.DataFrame:
    """The block's events, of `EVENT_SCHEMA`, in the order of reception.

    `number` is the block's: identifiers are unique with it.
    """
    midnight = np.datetime64(block.time.first, "D").astype(np.int64)
    parts = [part for part in records if len(part.at)]
    frames = [_rows(rng, block, part, int(midnight)) for part in parts]
    events = pl.concat(frames).sort("occurred_at", "lead_id", maintain_order=True)
    rank = pl.int_range(pl.len()).over("source")
    events = events.with_columns(
        pl.format("{}-{}-{}", "source", pl.lit(f"{number:04x}"), rank).alias("event_id")
    )
    return _delivered(rng, events).select(
        pl.col(column).cast(dtype) for column, dtype in EVENT_SCHEMA.items()
    )


def lead_names(numbers: IntArray) -> pl.Series:
    """The leads' identifiers in the log.

    >>> lead_names(np.array([7])).to_list()
    ['L0000007']
    """
    digits = pl.Series("lead_id", numbers).cast(pl.String).str.zfill(7)
    return ("L" + digits).alias("lead_id")


def _rows(
    rng: np.random.Generator, block: Block, records: Records, midnight: int
) -> pl.DataFrame:
    at = records.at
    today = midnight + block.entry_day[at.lead] + at.day
    occurred = _instants(today, records.moment)
    lag = np.minimum(rng.exponential(MEAN_LAG[records.source], len(today)), LONGEST_LAG)
    late = at.known_day > at.day
    then = _instants(today + at.known_day - at.day, rng.random(len(today)))
    received = np.where(late, then, occurred + np.round(lag).astype(np.int64) * SECOND)
    fields, by = pl.DataFrame(records.fields), records.actor
    as_json = pl.struct(pl.all()).struct.json_encode()
    return pl.DataFrame(
        {
            "lead_id": lead_names(block.lead_ids)[at.lead],
            "occurred_at": occurred,
            "received_at": received,
        }
    ).with_columns(
        kind=pl.lit(records.kind),
        source=pl.lit(records.source),
        actor=pl.lit(by)
        if isinstance(by, str)
        else pl.Series(np.where(by, "automation", "person")),
        data=fields.select(as_json).to_series() if fields.width else pl.lit("{}"),
    )


def _instants(day: IntArray, moment: FloatArray) -> IntArray:
    """Microseconds since 1970, to the second; `day` since 1970, `moment` 0 to 1."""
    seconds = np.round((DAY_STARTS + DAY_HOURS * moment) * 3600).astype(np.int64)
    return day * DAY + seconds * SECOND


def _delivered(rng: np.random.Generator, events: pl.DataFrame) -> pl.DataFrame:
    """The events as delivered: some twice, in the order of reception."""
    again = events.filter(pl.Series(rng.random(len(events)) < TWICE))
    after = np.round(rng.exponential(TWICE_AFTER, len(again))).astype(np.int64) + 1
    again = again.with_columns(received_at=pl.col("received_at") + after * SECOND)
    everything = pl.concat([events, again]).sort("received_at", maintain_order=True)
    microseconds = pl.col("occurred_at", "received_at").cast(pl.Int64).cast(TIME)
    return everything.with_columns(microseconds)
