"""Reader of tables whose rows are leads: attributes, and the ending if it has one."""

import polars as pl

from data.importing.cells import (
    Reading,
    first_reason,
    mapped_cells,
    no_meaning,
    read_fields,
    read_times,
    required,
    where,
)
from data.importing.mapping import FieldColumn, LeadMapping
from data.importing.rows import (
    Rows,
    actors,
    as_json,
    in_log_order,
    refusals,
    rows_of,
)
from data.importing.sheet import Sheet, content_key
from features.event import ATTRIBUTES_KIND

_OPEN = "open"


def read_lead_rows(sheet: Sheet, mapping: LeadMapping) -> Rows:
    """Events of a table whose rows are leads, and the rows that are none.

    A row gives an `attributes_set` event, even an empty one, so that the lead is in
    the log; and `won` or `lost`. The identity of each is the content of the cells it
    is made of: when a later export adds the outcome, the attributes keep theirs.
    """
    cells = mapped_cells(sheet, mapping)
    created, created_reasons = _created(sheet, cells, mapping)
    closed, closed_reasons = _closed(created, cells, mapping)
    reasons = first_reason([*created_reasons, *closed_reasons])
    sound = reasons.is_null()
    events = in_log_order([created.filter(sound), closed.filter(sound)])
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


def _created(
    sheet: Sheet, cells: pl.DataFrame, mapping: LeadMapping
) -> tuple[pl.DataFrame, list[pl.Series]]:
    """The attributes of each row, when they were known."""
    columns = mapping.columns
    occurred_at, time_reasons = read_times(cells, columns.time, mapping)
    attributes, reasons = read_fields(cells, mapping.attributes, mapping.decimal)
    kinds = pl.repeat(ATTRIBUTES_KIND, cells.height, eager=True)
    made_of = [columns.lead_id, columns.time.column, *_columns(mapping.attributes)]
    rows = rows_of(
        sheet,
        cells,
        mapping,
        event_id=_identities(cells, made_of, "attributes"),
        kind=kinds,
        occurred_at=occurred_at,
        received_at=occurred_at,
        data=as_json(attributes, cells.height),
    )
    empty = [required(cells[column]) for column in made_of[:2]]
    return rows, [*empty, time_reasons, *reasons]


def _closed(
    created: pl.DataFrame, cells: pl.DataFrame, mapping: LeadMapping
) -> tuple[pl.DataFrame, list[pl.Series]]:
    """The outcome of each row, of the kind "open" where there is none yet."""
    columns = mapping.columns
    if columns.outcome is None or columns.outcome_time is None:
        return created.clear(), []
    kinds, kind_reasons = _read_outcomes(cells[columns.outcome], mapping)
    is_closed = kinds.is_not_null() & (kinds != _OPEN)
    closing = cells.with_columns(  # of an open lead, the date is only expected
        cells[columns.outcome_time.column].set(~is_closed, None)
    )
    occurred_at, time_reasons = read_times(closing, columns.outcome_time, mapping)
    occurred_at, order_reasons = _not_before(
        created["occurred_at"], occurred_at, mapping
    )
    undated = is_closed & closing[columns.outcome_time.column].is_null()
    data, data_reasons = read_fields(cells, mapping.data, mapping.decimal)
    made_of = [columns.lead_id, columns.outcome, columns.outcome_time.column]
    made_of += _columns(mapping.data)
    rows = created.with_columns(
        _identities(cells, made_of, "outcome").alias("event_id"),
        kinds.alias("kind"),
        occurred_at.alias("occurred_at"),
        occurred_at.alias("received_at"),
        actors(kinds, cells, mapping.actor).alias("actor"),
        as_json(data, cells.height).alias("data"),
    )
    why_undated = f"won or lost, but column {columns.outcome_time.column!r} is empty"
    reasons = [kind_reasons, where(undated, why_undated), time_reasons, order_reasons]
    return rows, [*reasons, *data_reasons]


def _read_outcomes(written: pl.Series, mapping: LeadMapping) -> Reading:
    """Won, lost or open by the mapping's table; an empty cell is open."""
    kinds = written.replace_strict(
        mapping.outcomes, default=None, return_dtype=pl.String
    )
    unknown = written.is_not_null() & kinds.is_null()
    reasons = no_meaning(written, unknown, "outcome", "outcomes", written.name)
    return kinds.set(written.is_null(), _OPEN), reasons


def _not_before(
    created: pl.Series, closed: pl.Series, mapping: LeadMapping
) -> tuple[pl.Series, pl.Series]:
    """Closing times, at least the creation: a date without an hour means its day."""
    days = [
        one.dt.convert_time_zone(mapping.time_zone).dt.date()
        for one in (created, closed)
    ]
    early = closed < created
    same_day = early & (days[0] == days[1])
    reasons = where(early & ~same_day, "closed before it was created")
    return closed.zip_with(~same_day.fill_null(False), created), reasons


def _identities(cells: pl.DataFrame, columns: list[str], part: str) -> pl.Series:
    rows = cells.select(pl.col(name) for name in dict.fromkeys(columns)).iter_rows()
    return pl.Series([f"{content_key(row)}-{part}" for row in rows], dtype=pl.String)


def _columns(fields: dict[str, FieldColumn]) -> list[str]:
    return [one.column for one in fields.values()]
