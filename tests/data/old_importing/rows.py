"""Rows made events, for both shapes of a table: identity, actor, data, order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson
import polars as pl

from features.event import EVENT_SCHEMA
from tests.data.old_importing.cells import Cells
from tests.data.old_importing.sheet import Refused, Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows made events; `repeated` accepted rows said again what another had said."""

    events: pl.DataFrame  # of EVENT_SCHEMA, and `line`
    accepted: int
    repeated: int
    refused: list[Refused]


def rows_of(cells: Cells, **columns: pl.Series | list[str]) -> pl.DataFrame:
    """A row of the log for each of the sheet's, sound or not, with its line.

    `columns` are those of the log that the mapping's shape decides; `kind` is one.
    """
    mapping = cells.mapping
    return pl.DataFrame(
        {
            "line": cells.sheet.lines,
            "source": pl.repeat(mapping.source, cells.frame.height, eager=True),
            "lead_id": cells.leads(),
            "actor": actors(pl.Series(columns["kind"]), cells),
            **columns,
        },
        schema_overrides={"line": pl.Int64, "content": pl.String},
    )


def numbered(keys: Iterable[str]) -> Iterator[str]:
    """The keys, told apart where they repeat.

    Examples
    --------
    >>> list(numbered(["a", "b", "a"]))
    ['a', 'b', 'a-2']
    """
    seen: Counter[str] = Counter()
    for key in keys:
        seen[key] += 1
        yield key if seen[key] == 1 else f"{key}-{seen[key]}"


def actors(kinds: pl.Series, cells: Cells) -> pl.Series:
    """Who acted in each row: by kind, else by the column's value, else the default."""
    rule = cells.mapping.actor
    who = _looked_up(kinds, rule.kinds)
    if rule.column:
        by_column = _looked_up(cells[rule.column], rule.values)
        who = who.zip_with(who.is_not_null(), by_column)
    return who.fill_null(rule.default)


def _looked_up(values: pl.Series, table: Mapping[str, str]) -> pl.Series:
    plain = {key: str(value) for key, value in table.items()}
    return values.replace_strict(plain, default=None, return_dtype=pl.String)


def as_json(fields: pl.DataFrame, height: int) -> pl.Series:
    """Each row's known fields as a JSON object, `height` of them."""
    if not fields.columns:
        return pl.repeat("{}", height, eager=True)
    rows = fields.iter_rows(named=True)
    known = ({k: v for k, v in row.items() if v is not None} for row in rows)
    return pl.Series([orjson.dumps(row).decode() for row in known], dtype=pl.String)


def refusals(sheet: Sheet, reasons: pl.Series) -> list[Refused]:
    """The rows of the sheet that have a reason, with the lines broken as CSV."""
    rows = zip(sheet.lines, reasons, sheet.texts, strict=True)
    unsound = [Refused(*row) for row in rows if row[1] is not None]
    return sorted([*sheet.refused, *unsound], key=lambda refused: refused.line)


def in_log_order(events: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The events together, each with its line, in the columns of the log."""
    columns = [*EVENT_SCHEMA.names(), "line"]
    return pl.concat([part.select(columns) for part in events])


def space_ties(events: pl.DataFrame, ranking: tuple[str, ...]) -> pl.DataFrame:
    """Each lead's events at times of their own, and in a stable order.

    Events of a lead that share a time are put 1 µs apart: the kinds of `ranking`
    first, in its order, then the others, then by line. What follows within those
    microseconds moves on with them. `received_at` moves by as much.
    """
    places = {kind: place for place, kind in enumerate(ranking)}
    ordered = events.sort(
        "lead_id",
        "occurred_at",
        pl.col("kind").replace_strict(
            places, default=len(places), return_dtype=pl.Int64
        ),
        "line",
        maintain_order=True,
    )
    place = pl.int_range(pl.len()).over("lead_id")
    written = pl.col("occurred_at").dt.epoch("us")
    spaced = (written - place).cum_max().over("lead_id") + place
    shift = pl.duration(microseconds=spaced - written)
    moved = ordered.with_columns(
        pl.col("occurred_at") + shift,
        pl.col("received_at") + shift,
        moved=spaced > written,
    )
    return moved.sort("occurred_at", "lead_id")
