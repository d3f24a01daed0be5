"""Cells of the columns that a mapping names, and why a row's cell holds no value."""

import sys

import polars as pl

from data.importing.block import Block
from data.importing.mapping import FieldColumn, Mapping, TimeColumn
from data.importing.times import read_times
from data.importing.values import is_numeric, values_of
from features.log import lead_ids

_BLANKS = "".join(filter(str.isspace, map(chr, range(sys.maxunicode))))


class Cells:
    """The columns that the mapping names: stripped, and null where empty.

    Each reading gives a series of values, null where a cell is empty or can't be read,
    and keeps why it can't. The first reason of a row counts, in the order of reading.
    A column that the block doesn't hold is empty.
    """

    def __init__(self, block: Block, mapping: Mapping) -> None:
        self.block = block
        self.mapping = mapping
        self.height = len(block.lines)
        names = dict.fromkeys(column for _, column in mapping.named_columns())
        self.frame = pl.DataFrame([self._stripped(name) for name in names])
        self._reasons: list[pl.Series] = []
        self._unread: list[tuple[str, pl.Series]] = []

    def _stripped(self, name: str) -> pl.Series:
        if name not in self.block.frame.columns:
            return pl.repeat(None, self.height, dtype=pl.String, eager=True).alias(name)
        cells = self.block.frame[name].str.strip_chars(_BLANKS)
        return cells.set(cells == "", None).alias(name)

    def __getitem__(self, column: str) -> pl.Series:
        return self.frame[column]

    def refuse(self, rows: pl.Series, reason: str | pl.Expr) -> None:
        """Say why the rows, of which these are flags, are not sound."""
        if rows.any():
            why = pl.lit(reason) if isinstance(reason, str) else reason
            self._reasons.append(pl.select(pl.when(rows).then(why)).to_series())

    @property
    def reason(self) -> pl.Series:
        """The first reason of each row, null where the row is sound."""
        none = pl.repeat(None, self.height, dtype=pl.String, eager=True)
        reasons = [*self._reasons, none]
        named = [why.alias(str(place)) for place, why in enumerate(reasons)]
        return pl.select(pl.coalesce(named)).to_series().alias("reason")

    @property
    def unread(self) -> dict[str, int]:
        """How many cells of sound rows are unknown, by column: they can't be read."""
        sound = self.reason.is_null()
        counts = ((name, int((rows & sound).sum())) for name, rows in self._unread)
        return {name: count for name, count in counts if count}

    def require(self, *columns: str) -> None:
        """Refuse the rows where one of the columns is empty."""
        for column in columns:
            self.refuse(self[column].is_null(), f"column {column!r} is empty")

    def leads(self) -> pl.Series:
        """The ids of leads as they are kept; what can't be one is refused."""
        written = self[self.mapping.columns.lead_id]
        kept, refused = lead_ids(written)
        if refused:
            why = {
                text: f"column {written.name!r}: {refused[text]}" for text in refused
            }
            reasons = written.replace_strict(why, default=None, return_dtype=pl.String)
            self._reasons.append(reasons)
        return kept

    def times(self, column: TimeColumn, written: pl.Series) -> pl.Series:
        """The instants that the texts of a time column name."""
        times, reasons = read_times(
            written,
            column.format or self.mapping.time_format,
            self.mapping.time_zone,
        )
        if reasons.null_count() < len(reasons):
            self._reasons.append(f"column {column.column!r}: " + reasons)
        return times

    def fields(self, fields: dict[str, FieldColumn]) -> pl.DataFrame:
        """Values of data fields, one column a field."""
        return pl.DataFrame(
            [self._field(field).alias(name) for name, field in fields.items()]
        )

    def _field(self, field: FieldColumn) -> pl.Series:
        written = self[field.column]
        if field.unknown:
            written = written.set(written.is_in(field.unknown), None)
        decimal = field.decimal or self.mapping.decimal
        values = values_of(written, field, decimal)
        unread = written.is_not_null() & values.is_null()
        if field.unreadable == "unknown":
            self._unread.append((field.column, unread))
        else:
            hint = f" with decimal {decimal!r}" if is_numeric(field) else ""
            self.refuse(unread, f"column {field.column!r}: no {field.type}{hint}")
        return values

    def meanings(
        self, written: pl.Series, table: dict[str, str | None], what: str
    ) -> pl.Series:
        """What a table of the mapping makes of each text; others are refused."""
        meanings = written.replace_strict(table, default=None, return_dtype=pl.String)
        complaint = pl.format(
            "column {}: no {} for {}: add it to [{}]",
            pl.lit(written.name),
            pl.lit(what),
            '"' + written.str.slice(0, 60) + '"',
            pl.lit(f"{what}s"),
        )
        self.refuse(written.is_not_null() & meanings.is_null(), complaint)
        return meanings
