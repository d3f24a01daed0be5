"""Rows of a sheet made events: identity, data, and what is refused."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson
import polars as pl

from data.importing.block import Refused
from data.importing.rows import actors
from tests.data.old_importing.cells import SheetCells
from tests.data.old_importing.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows made events; `repeated` accepted rows said again what another had said."""

    events: pl.DataFrame
    accepted: int
    repeated: int
    refused: list[Refused]


def rows_of(cells: SheetCells, **columns: pl.Series | list[str]) -> pl.DataFrame:
    """A row of the log for each of the sheet's, sound or not, with its line.

    `columns` are those of the log that the mapping's shape decides; `kind` is one.
    """
    leads = cells.leads()
    return pl.DataFrame(
        {
            "line": cells.sheet.lines,
            "source": pl.repeat(cells.mapping.source, cells.height, eager=True),
            "lead_id": leads,
            "lead": leads.rank("dense"),
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
