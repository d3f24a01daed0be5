"""Reader of tables whose rows are events."""

import re
import unicodedata

import polars as pl

from data.importing.cells import (
    Reading,
    first_reason,
    mapped_cells,
    no_meaning,
    read_fields,
    read_times,
    required,
)
from data.importing.mapping import EventMapping
from data.importing.rows import (
    Rows,
    as_json,
    in_log_order,
    numbered,
    refusals,
    rows_of,
)
from data.importing.sheet import Sheet
from features.event import ATTRIBUTES_KIND

_KIND = re.compile(r"[a-z][a-z0-9_]*")


def read_event_rows(sheet: Sheet, mapping: EventMapping) -> Rows:
    """Events of a table whose rows are events, and the rows that are none.

    Without an `event_id` column the identity of an event is its row's content, and
    the number of identical rows before it: an extended export, imported again,
    gives the same rows the same identities.
    """
    cells = mapped_cells(sheet, mapping)
    attributes, attribute_reasons = read_fields(
        cells, mapping.attributes, mapping.decimal
    )
    rows, reasons = _rows(sheet, cells, mapping)
    rows = rows.with_columns(first_reason([*reasons, *attribute_reasons]))
    known = [one.alias(_held(one.name)) for one in attributes.get_columns()]
    rows = _without_contradictions(rows.with_columns(known), sheet.unit)
    sound = rows.filter(pl.col("reason").is_null())
    events = sound.unique("event_id", keep="first", maintain_order=True)
    changes = _attribute_events(events, mapping)
    return Rows(
        events=in_log_order([events, changes]),
        accepted=sound.height,
        repeated=sound.height - events.height,
        refused=refusals(sheet, rows["reason"]),
    )


def _rows(
    sheet: Sheet, cells: pl.DataFrame, mapping: EventMapping
) -> tuple[pl.DataFrame, list[pl.Series]]:
    """One event a row, sound or not, and the reasons of each thing read."""
    columns = mapping.columns
    kinds, kind_reasons = _read_kinds(cells, mapping)
    occurred_at, time_reasons = read_times(cells, columns.time, mapping)
    received = columns.received_at or columns.time
    received_at, received_reasons = read_times(cells, received, mapping)
    data, data_reasons = read_fields(cells, mapping.data, mapping.decimal)
    rows = rows_of(
        sheet,
        cells,
        mapping,
        content=sheet.contents,
        event_id=cells[columns.event_id]
        if columns.event_id
        else list(numbered(sheet.contents)),
        kind=kinds,
        occurred_at=occurred_at,
        received_at=received_at,
        data=as_json(data, cells.height),
    )
    must_stand = [columns.lead_id, columns.time.column, received.column]
    must_stand += [columns.event_id] if columns.event_id else []
    empty = [required(cells[column]) for column in must_stand]
    read = [time_reasons, received_reasons, kind_reasons, *data_reasons]
    return rows, [*empty, *read]


def _read_kinds(cells: pl.DataFrame, mapping: EventMapping) -> Reading:
    """Kinds by the mapping's table, else as their slug where it keeps others."""
    columns = mapping.columns.kind
    written = cells.select(
        pl.concat_str(columns, separator="/", ignore_nulls=True).alias("kind")
    ).to_series()
    table = {text: mapping.kinds.get(text) for text in written.unique()}
    if mapping.other_kinds == "keep":
        table = {text: kind or slug(text) for text, kind in table.items()}
    kinds = written.replace_strict(table, return_dtype=pl.String)
    names = "/".join(columns)
    return kinds, no_meaning(written, kinds.is_null(), "kind", "kinds", names)


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
    names = list(mapping.attributes)
    if not names:
        return events.clear()
    ordered = events.sort("lead_id", "occurred_at", "line", maintain_order=True)
    ordered = ordered.with_columns(
        _changed(_held(name)).alias(_held(name)) for name in names
    )
    changes = ordered.filter(
        pl.any_horizontal(pl.col(_held(name)).is_not_null() for name in names)
    )
    fields = changes.select(pl.col(_held(name)).alias(name) for name in names)
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
