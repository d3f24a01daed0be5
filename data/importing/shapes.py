"""Shapes of tables: a row is an event, or a row is a lead."""

from dataclasses import dataclass

import polars as pl

from data.importing.block import Block, Refused
from data.importing.cells import Cells
from data.importing.event_rows import event_rows, events_of_event_rows
from data.importing.lead_rows import events_of_lead_rows, lead_rows
from data.importing.mapping import EventMapping, Mapping
from data.importing.rows import space_ties
from features.event import ATTRIBUTES_KIND, EVENT_SCHEMA
from features.log import UNDATED_KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedBlock:
    """How many sound rows a block had, and the others.

    `names` are the columns that the block held, `unread` the cells that are unknown
    since they can't be read, by column.
    """

    accepted: int
    refused: list[Refused]
    unread: dict[str, int]
    names: list[str]


@dataclass(frozen=True, slots=True)
class Settled:
    """The events of some leads, of EVENT_SCHEMA, and how many they are."""

    events: pl.DataFrame
    counts: dict[str, int]


def mapped(block: Block, mapping: Mapping) -> tuple[pl.DataFrame, MappedBlock]:
    """What a mapping makes of a block, looking at each row alone: the sound rows as
    events, and what is told of the block."""
    cells = Cells(block, mapping)
    parts = (
        [event_rows(cells, mapping)]
        if isinstance(mapping, EventMapping)
        else lead_rows(cells, mapping)
    )
    reasons = cells.reason
    sound = reasons.is_null()
    lines = block.lines
    unsound = [
        Refused(lines[row], reasons[row], block.text_of(row))
        for row in (~sound).arg_true()
    ]
    told = MappedBlock(
        accepted=int(sound.sum()),
        refused=sorted([*block.refused, *unsound], key=lambda row: row.line),
        unread=cells.unread,
        names=block.frame.columns,
    )
    return pl.concat(part.filter(sound) for part in parts), told


def settled(rows: pl.DataFrame, mapping: Mapping) -> Settled:
    """The events that all sound rows of some leads make together."""
    # numbers are sorted and grouped in a fraction of the time that texts take
    leads = pl.Enum(rows["lead_id"].unique().sort())
    rows = rows.with_columns(lead=pl.col("lead_id").cast(leads).to_physical())
    if isinstance(mapping, EventMapping):
        events = events_of_event_rows(rows, mapping)
        repeated = (
            rows.height - rows["event_id"].n_unique() if mapping.names_events() else 0
        )
    else:
        events = events_of_lead_rows(rows)
        accepted = rows.filter(pl.col("kind") == ATTRIBUTES_KIND)
        repeated = accepted.height - accepted["content"].n_unique()
    spaced = space_ties(events, mapping.ranking())
    source = pl.lit(mapping.source).alias("source")
    return Settled(
        spaced.with_columns(source).select(EVENT_SCHEMA.names()),
        {
            "repeated": repeated,
            "leads": spaced["lead"].n_unique(),
            "events": spaced.height,
            "tied": int(spaced["moved"].sum()),
            "undated": int((spaced["kind"] == UNDATED_KIND).sum()),
        },
    )
