"""Rows made events, for both shapes of a table: identity, actor, data, order."""

from collections.abc import Mapping

import orjson
import polars as pl

from data.importing.cells import Cells
from features.event import EVENT_SCHEMA

_ESCAPED = r'["\\\x00-\x1f]'  # what JSON doesn't hold as it is


def rows_of(cells: Cells, **columns: pl.Series) -> pl.DataFrame:
    """A row of the log for each of the block's, sound or not, with its line.

    `columns` are those of the log that the mapping's shape decides; `kind` is one.
    """
    return pl.DataFrame(
        [
            cells.block.lines.alias("line"),
            cells.leads().alias("lead_id"),
            actors(columns["kind"], cells).alias("actor"),
            *(column.alias(name) for name, column in columns.items()),
        ]
    )


def actors(kinds: pl.Series, cells: Cells) -> pl.Series:
    """Who acted in each row: by kind, else by the column's value, else the default."""
    rule = cells.mapping.actor
    who = _looked_up(kinds, rule.kinds)
    if rule.column:
        by_column = _looked_up(cells[rule.column], rule.values)
        who = who.zip_with(who.is_not_null(), by_column)
    return who.fill_null(rule.default.value)


def _looked_up(values: pl.Series, table: Mapping[str, str]) -> pl.Series:
    plain = {key: str(value) for key, value in table.items()}
    return values.replace_strict(plain, default=None, return_dtype=pl.String)


def as_json(fields: pl.DataFrame, height: int) -> pl.Series:
    """Each row's known fields as a JSON object, `height` of them.

    Examples
    --------
    >>> as_json(pl.DataFrame({"a": ["x", None], "b": [1.5, 2.0]}), 2).to_list()
    ['{"a":"x","b":1.5}', '{"b":2.0}']
    """
    if not fields.columns:
        return pl.repeat("{}", height, eager=True)
    known = [f'"{field.name}":' + _in_json(field) for field in fields]
    inner = pl.concat_str(known, separator=",", ignore_nulls=True)
    return pl.select(pl.lit("{") + inner + "}").to_series()


def _in_json(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values.cast(pl.String)
    quoted = '"' + values + '"'
    odd = values.filter(values.str.contains(_ESCAPED)).unique()
    if odd.is_empty():
        return quoted
    escaped = {text: orjson.dumps(text).decode() for text in odd}
    return values.replace_strict(escaped, default=quoted, return_dtype=pl.String)


def space_ties(events: pl.DataFrame, ranking: tuple[str, ...]) -> pl.DataFrame:
    """Each lead's events at times of their own, and in a stable order.

    Events of a lead that share a time are put 1 µs apart: the kinds of `ranking`
    first, in its order, then the others, then by line. What follows within those
    microseconds moves on with them. `received_at` moves by as much; `moved` says so.
    `lead` numbers the leads in their order.
    """
    places = {kind: place for place, kind in enumerate(ranking)}
    ordered = events.sort(
        "lead",
        "occurred_at",
        pl.col("kind").replace_strict(
            places, default=len(places), return_dtype=pl.Int64
        ),
        "line",
        maintain_order=True,
    )
    place = pl.int_range(pl.len()).over("lead")
    written = pl.col("occurred_at").dt.epoch("us")
    spaced = (written - place).cum_max().over("lead") + place
    shift = pl.duration(microseconds=spaced - written)
    return ordered.with_columns(
        pl.col("occurred_at") + shift,
        pl.col("received_at") + shift,
        moved=spaced > written,
    )


def together(*parts: pl.DataFrame) -> pl.DataFrame:
    """The events of the parts in the columns of the log, with their line and lead."""
    columns = [name for name in EVENT_SCHEMA.names() if name != "source"]
    return pl.concat([part.select(*columns, "line", "lead") for part in parts])
