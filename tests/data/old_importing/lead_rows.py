"""A sheet whose rows are leads: attributes, and the ending if it has one."""

import polars as pl

from data.importing.mapping import FieldColumn, LeadMapping, TimeColumn
from data.importing.rows import actors, together
from features.event import ATTRIBUTES_KIND
from tests.data.old_importing.cells import SheetCells
from tests.data.old_importing.rows import Rows, as_json, refusals, rows_of
from tests.data.old_importing.sheet import Sheet, content_key

_OPEN = "open"


def read_lead_rows(sheet: Sheet, mapping: LeadMapping) -> Rows:
    """Events of a table whose rows are leads, and the rows that are none.

    A row gives an `attributes_set` event, even an empty one; and `won` or `lost`.
    """
    cells = SheetCells(sheet, mapping)
    created = _created(cells, mapping)
    closed = _closed(created, cells, mapping)
    reasons = cells.reason
    sound = reasons.is_null()
    events = together(created.filter(sound), closed.filter(sound))
    accepted = int(sound.sum())
    contents = pl.Series(sheet.contents, dtype=pl.String)
    return Rows(
        events=events.filter(pl.col("kind") != _OPEN).unique(
            "event_id", keep="first", maintain_order=True
        ),
        accepted=accepted,
        repeated=accepted - contents.filter(sound).n_unique(),
        refused=refusals(sheet, reasons),
    )


def _created(cells: SheetCells, mapping: LeadMapping) -> pl.DataFrame:
    columns = mapping.columns
    made_of = [columns.lead_id, columns.time.column]
    cells.require(*made_of)
    occurred_at = cells.times(columns.time, cells[columns.time.column])
    return rows_of(
        cells,
        event_id=_identities(cells, made_of, mapping.attributes, "attributes"),
        kind=pl.repeat(ATTRIBUTES_KIND, cells.height, eager=True),
        occurred_at=occurred_at,
        received_at=occurred_at,
        data=as_json(cells.fields(mapping.attributes), cells.height),
    )


def _closed(
    created: pl.DataFrame, cells: SheetCells, mapping: LeadMapping
) -> pl.DataFrame:
    """The outcome of each row, of the kind "open" where there is none yet."""
    columns = mapping.columns
    if columns.outcome is None:
        return created.clear()
    (dated,) = columns.outcome_time
    assert isinstance(dated, TimeColumn)
    outcome, column = cells[columns.outcome], dated.column
    kinds = cells.meanings(outcome, {**mapping.outcomes}, "outcome")
    kinds = kinds.set(outcome.is_null(), _OPEN)
    # of an open lead, the date is only expected
    written = cells[column].set(~(kinds.is_not_null() & (kinds != _OPEN)), None)
    occurred_at = _not_before(created, cells.times(dated, written), cells)
    made_of = [columns.lead_id, columns.outcome, column]
    return created.with_columns(
        _identities(cells, made_of, mapping.data, "outcome").alias("event_id"),
        kinds.alias("kind"),
        occurred_at.alias("occurred_at"),
        occurred_at.alias("received_at"),
        actors(kinds, cells).alias("actor"),
        as_json(cells.fields(mapping.data), cells.height).alias("data"),
    )


def _not_before(
    created: pl.DataFrame, closed: pl.Series, cells: SheetCells
) -> pl.Series:
    """Closing times, at least the creation: a date without an hour means its day."""
    begun, zone = created["occurred_at"], cells.mapping.time_zone
    first_day, last_day = (
        time.dt.convert_time_zone(zone).dt.date() for time in (begun, closed)
    )
    early = closed < begun
    same_day = early & (first_day == last_day)
    cells.refuse(early & ~same_day, "closed before it was created")
    return closed.zip_with(~same_day.fill_null(False), begun)


def _identities(
    cells: SheetCells, columns: list[str], fields: dict[str, FieldColumn], part: str
) -> pl.Series:
    names = dict.fromkeys([*columns, *(field.column for field in fields.values())])
    rows = cells.frame.select(*names).iter_rows()
    return pl.Series([f"{content_key(row)}-{part}" for row in rows], dtype=pl.String)
