"""Reader of tables whose rows are events."""

import re
import unicodedata

import polars as pl

from data.importing.mapping import EventMapping
from features.event import ATTRIBUTES_KIND
from tests.data.old_importing.cells import Cells
from tests.data.old_importing.rows import (
    Rows,
    as_json,
    in_log_order,
    numbered,
    refusals,
    rows_of,
)
from tests.data.old_importing.sheet import Sheet

_KIND = re.compile(r"[a-z][a-z0-9_]*")


def read_event_rows(sheet: Sheet, mapping: EventMapping) -> Rows:
    """Events of a table whose rows are events, and the rows that are none.

    Without an `event_id` column the identity of an event is its row's content, and
    the number of identical rows before it: an extended export, imported again,
    gives the same rows the same identities.
    """
    cells = Cells(sheet, mapping)
    rows = _rows(cells, mapping)
    attributes = cells.fields(mapping.attributes).rename(_held)
    rows = rows.with_columns(cells.reason, *attributes.get_columns())
    rows = _without_contradictions(rows, sheet.unit)
    sound = rows.filter(pl.col("reason").is_null())
    events = sound.unique("event_id", keep="first", maintain_order=True)
    return Rows(
        events=in_log_order([events, _attribute_events(events, mapping)]),
        accepted=sound.height,
        repeated=sound.height - events.height,
        refused=refusals(sheet, rows["reason"]),
    )


def _rows(cells: Cells, mapping: EventMapping) -> pl.DataFrame:
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
        kind=_kinds(cells, mapping),
        data=as_json(cells.fields(mapping.data), cells.frame.height),
    )


def _kinds(cells: Cells, mapping: EventMapping) -> pl.Series:
    """Kinds by the mapping's table, else as their slug where it keeps others."""
    columns = mapping.columns.kind
    written = cells.frame.select(
        pl.concat_str(columns, separator="/", ignore_nulls=True).alias(
            "/".join(columns)
        )
    ).to_series()
    table: dict[str, str | None] = {**mapping.kinds}
    if mapping.other_kinds == "keep":
        table = {text: slug(text) for text in written.unique()} | table
    return cells.meanings(written, table, "kind")


def slug(text: str) -> str | None:
    """The snake_case kind that a text suggests, None if it suggests none.

    Examples
    --------
    >>> slug("Relance téléphonique (J+3)")
    'relance_telephonique_j_3'
    >>> slug("3e appel") is None
    True
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return name if _KIND.fullmatch(name) else None


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


def _attribute_events(events: pl.DataFrame, mapping: EventMapping) -> pl.DataFrame:
    """`attributes_set` events: the attributes that are new, or changed, for a lead.

    An empty cell says nothing: it neither changes nor unsets an attribute.
    """
    names = {_held(name): name for name in mapping.attributes}
    if not names:
        return events.clear()
    ordered = events.sort("lead_id", "occurred_at", "line", maintain_order=True)
    changes = ordered.with_columns(map(_changed, names)).filter(
        pl.any_horizontal(pl.col(*names).is_not_null())
    )
    fields = changes.select(*names).rename(names)
    return changes.with_columns(
        pl.col("event_id") + "-attributes",
        kind=pl.lit(ATTRIBUTES_KIND),
        data=as_json(fields, fields.height),
        actor=pl.lit(mapping.actor.kinds.get(ATTRIBUTES_KIND)).fill_null(
            pl.col("actor")
        ),
    )


def _changed(name: str) -> pl.Expr:
    earlier = pl.col(name).forward_fill().shift(1).over("lead_id")
    return pl.when(pl.col(name).ne_missing(earlier)).then(pl.col(name))


def _held(name: str) -> str:
    """Where the rows hold an attribute, apart from the columns of the log."""
    return f"attribute {name}"
