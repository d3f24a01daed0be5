"""Reader of tables whose rows are events."""

import re
import unicodedata

import polars as pl

from data.importing.cells import Cells
from data.importing.mapping import EventMapping
from data.importing.rows import as_json, rows_of, together
from features.event import ATTRIBUTES_KIND

_KIND = re.compile(r"[a-z][a-z0-9_]*")


def event_rows(cells: Cells, mapping: EventMapping) -> pl.DataFrame:
    """A block's rows as events, sound or not, with the attributes beside them."""
    columns = mapping.columns
    received = columns.received_at or columns.time
    cells.require(columns.lead_id, columns.time.column, received.column)
    contents = cells.block.keys()
    event_id = contents
    if columns.event_id:
        cells.require(columns.event_id)
        event_id = cells[columns.event_id]
    occurred_at = cells.times(columns.time, cells[columns.time.column])
    return rows_of(
        cells,
        content=contents,
        event_id=event_id,
        occurred_at=occurred_at,
        received_at=(
            cells.times(received, cells[received.column])
            if columns.received_at
            else occurred_at
        ),
        kind=kinds_of(cells, mapping),
        data=as_json(cells.fields(mapping.data), cells.height),
    ).hstack(cells.fields(mapping.attributes).rename(held))


def events_of_event_rows(rows: pl.DataFrame, mapping: EventMapping) -> pl.DataFrame:
    """The events of all rows of some leads, by line.

    Without an `event_id` column the identity of an event is its row's content, and
    the number of identical rows before it: an extended export, imported again,
    gives the same rows the same identities.
    """
    if mapping.columns.event_id:
        events = rows.unique("event_id", keep="first", maintain_order=True)
    else:
        events = _told_apart(rows)
    return together(events, attribute_events(events, mapping))


def _told_apart(rows: pl.DataFrame) -> pl.DataFrame:
    is_twice = rows["event_id"].is_duplicated()
    if not is_twice.any():
        return rows
    nth = pl.int_range(1, pl.len() + 1).over("event_id")
    again = pl.format("{}-{}", "event_id", nth)
    twice = rows.filter(is_twice).with_columns(
        event_id=pl.when(nth == 1).then("event_id").otherwise(again)
    )
    return pl.concat([rows.filter(~is_twice), twice])


def kinds_of(cells: Cells, mapping: EventMapping) -> pl.Series:
    """Kinds by the mapping's table, else as their slug where it keeps others."""
    columns = mapping.columns.kind
    written = cells.frame.select(
        pl.concat_str(columns, separator="/", ignore_nulls=True).alias(
            "/".join(columns)
        )
    ).to_series()
    table: dict[str, str | None] = {**mapping.kinds}
    if mapping.other_kinds != "reject":
        name = slug if mapping.other_kinds == "keep" else _as_written
        table = {text: name(text) for text in written.unique()} | table
    return cells.meanings(written, table, "kind")


def _as_written(text: str) -> str | None:
    return text if _KIND.fullmatch(text) else None


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


def attribute_events(events: pl.DataFrame, mapping: EventMapping) -> pl.DataFrame:
    """`attributes_set` events: the attributes that are new, or changed, for a lead.

    An empty cell says nothing: it neither changes nor unsets an attribute.
    """
    names = {held(name): name for name in mapping.attributes}
    if not names:
        return events.clear()
    ordered = events.sort("lead", "occurred_at", "line", maintain_order=True)
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
    earlier = pl.col(name).forward_fill().shift(1).over("lead")
    return pl.when(pl.col(name).ne_missing(earlier)).then(pl.col(name))


def held(name: str) -> str:
    """Where the rows hold an attribute, apart from the columns of the log."""
    return f"attribute {name}"
