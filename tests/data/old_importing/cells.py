"""Cells of a whole sheet, each time read by itself."""

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from data.importing.cells import Cells
from data.importing.errors import ImportFailedError
from data.importing.mapping import Mapping, TimeColumn
from data.importing.times import instant
from features.event import TIME
from tests.data.old_importing.sheet import Sheet

_NAMES_TOLD = 50


class SheetCells(Cells):
    """The columns that the mapping names: stripped, and null where empty.

    Raises ImportFailedError if the header lacks one of the columns, or holds it twice.
    """

    def __init__(self, sheet: Sheet, mapping: Mapping) -> None:
        self.sheet = sheet
        self.mapping = mapping
        self.height = len(sheet.rows)
        self.frame = _mapped(sheet, mapping)
        self._reasons: list[pl.Series] = []
        self._unread: list[tuple[str, pl.Series]] = []

    def times(self, column: TimeColumn, written: pl.Series) -> pl.Series:
        time_format = column.format or self.mapping.time_format
        zone = ZoneInfo(self.mapping.time_zone)
        read: dict[str | None, datetime | str] = {
            text: instant(text, time_format, zone)
            for text in written.unique().drop_nulls()
        }
        instants = [read.get(text) for text in written]
        times = [None if isinstance(time, str) else time for time in instants]
        reasons = [time if isinstance(time, str) else None for time in instants]
        self._reasons.append(
            f"column {column.column!r}: " + pl.Series(reasons, dtype=pl.String)
        )
        return pl.Series(written.name, times, dtype=TIME)


def _mapped(sheet: Sheet, mapping: Mapping) -> pl.DataFrame:
    place, read = str(sheet.path), ""
    if sheet.delimiter is not None:
        place, read = f"{place}, line 1", f"with delimiter {sheet.delimiter!r} "
    cells = {}
    for key, column in mapping.named_columns():
        times = sheet.header.count(column)
        if times != 1:
            held = f"the header holds {times} times"
            raise ImportFailedError(
                f"{place}: the mapping's {key} names the column {column!r}, which "
                f"{held if times else 'is not in the header'}; "
                f"{read}it holds {', '.join(sheet.header[:_NAMES_TOLD])}"
            )
        position = sheet.header.index(column)
        cells[column] = [row[position].strip() or None for row in sheet.rows]
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String()))
