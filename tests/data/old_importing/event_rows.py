"""A sheet whose rows are events."""

import polars as pl

from data.importing.event_rows import attribute_events, held, kinds_of
from data.importing.mapping import EventMapping
from data.importing.rows import together
from tests.data.old_importing.cells import SheetCells
from tests.data.old_importing.rows import Rows, as_json, numbered, refusals, rows_of
from tests.data.old_importing.sheet import Sheet


def read_event_rows(sheet: Sheet, mapping: EventMapping) -> Rows:
    """Events of a table whose rows are events, and the rows that are none.

    Without an `event_id` column the identity of an event is its row's content, and
    the number of identical rows before it.
    """
    cells = SheetCells(sheet, mapping)
    rows = _rows(cells, mapping)
    attributes = cells.fields(mapping.attributes).rename(held)
    rows = rows.with_columns(cells.reason, *attributes.get_columns())
    rows = _without_contradictions(rows, sheet.unit)
    sound = rows.filter(pl.col("reason").is_null())
    events = sound.unique("event_id", keep="first", maintain_order=True)
    return Rows(
        events=together(events, attribute_events(events, mapping)),
        accepted=sound.height,
        repeated=sound.height - events.height,
        refused=refusals(sheet, rows["reason"]),
    )


def _rows(cells: SheetCells, mapping: EventMapping) -> pl.DataFrame:
    """One event a row, sound or not."""
    columns, contents = mapping.columns, cells.sheet.contents
    received = columns.received_at or columns.time
    event_id: pl.Series | list[str] = list(numbered(contents))
    cells.require(columns.lead_id, columns.time.column, received.column)
    if columns.event_id:
        cells.require(columns.event_id)
        event_id = cells[columns.event_id]
    return rows_of(
        cells,
        content=contents,
        event_id=event_id,
        occurred_at=cells.times(columns.time, cells[columns.time.column]),
        received_at=cells.times(received, cells[received.column]),
        kind=kinds_of(cells, mapping),
        data=as_json(cells.fields(mapping.data), cells.height),
    )


def _without_contradictions(rows: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Refuses a row whose event_id an earlier sound row gave to other content."""
    same_id = pl.struct("event_id", pl.col("reason").is_null())
    contradicts = pl.col("content") != pl.col("content").first().over(same_id)
    complaint = pl.format(
        "event_id {} stands on {} {} with other content",
        "event_id",
        pl.lit(unit),
        pl.col("line").first().over(same_id),
    )
    reason = pl.when(contradicts).then(complaint)
    return rows.with_columns(pl.coalesce("reason", reason).alias("reason"))
