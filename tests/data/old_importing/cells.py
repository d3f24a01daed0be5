"""Values of columns, times made instants in UTC, and why a row's cell holds none."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from data.importing.errors import ImportFailedError
from data.importing.mapping import ISO_8601, FieldColumn, Mapping, TimeColumn
from features.event import TIME
from features.log import FIRST_YEAR, LAST_YEAR, lead_ids
from tests.data.old_importing.sheet import Sheet

_NUMBER = r"^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$"
_INTEGER = r"^[+-]?[0-9]+(\.0*)?$"  # "12.0" is how pandas exports a column with gaps
_TRUE = ("true", "yes", "oui", "vrai", "1")
_FALSE = ("false", "no", "non", "faux", "0")
_NAMES_TOLD = 50


class Cells:
    """The columns that the mapping names: stripped, and null where empty.

    Each reading gives a series of values, null where a cell is empty or can't be read,
    and keeps why it can't. The first reason of a row counts, in the order of reading.
    Raises ImportFailedError if the header lacks one of the columns, or holds it twice.
    """

    def __init__(self, sheet: Sheet, mapping: Mapping) -> None:
        self.sheet = sheet
        self.mapping = mapping
        self.frame = _mapped(sheet, mapping)
        self._reasons: list[pl.Series] = []

    def __getitem__(self, column: str) -> pl.Series:
        return self.frame[column]

    def refuse(self, rows: pl.Series, reason: str | pl.Expr) -> None:
        """Say why the rows, of which these are flags, are not sound."""
        why = pl.lit(reason) if isinstance(reason, str) else reason
        self._reasons.append(pl.select(pl.when(rows).then(why)).to_series())

    @property
    def reason(self) -> pl.Series:
        """The first reason of each row, null where the row is sound."""
        reasons = [why.alias(str(place)) for place, why in enumerate(self._reasons)]
        return pl.select(pl.coalesce(reasons)).to_series().alias("reason")

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

    def fields(self, fields: dict[str, FieldColumn]) -> pl.DataFrame:
        """Values of data fields, one column a field."""
        return pl.DataFrame(
            [self._field(field).alias(name) for name, field in fields.items()]
        )

    def _field(self, field: FieldColumn) -> pl.Series:
        written, decimal = self[field.column], self.mapping.decimal
        written = written.set(written.is_in(field.unknown), None)
        hint = f" with decimal {decimal!r}"
        match field.type:
            case "text":
                values, hint = written, ""
            case "number":
                values = _numbers(_plain(written, decimal))
            case "integer":
                values = _integers(_plain(written, decimal))
            case "boolean":
                values, hint = _booleans(written), ""
        unread = written.is_not_null() & values.is_null()
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


def instant(text: str, time_format: str, zone: ZoneInfo) -> datetime | str:
    """The instant in UTC that `text` names, or why it names none.

    A time without an offset is a local time of `zone`: one that the clock change
    skips or repeats is no instant, and is not guessed.

    Examples
    --------
    >>> paris = ZoneInfo("Europe/Paris")
    >>> instant("2026-03-10 09:30", "iso8601", paris)
    datetime.datetime(2026, 3, 10, 8, 30, tzinfo=datetime.timezone.utc)
    >>> instant("29/03/2026 02:30", "%d/%m/%Y %H:%M", paris)
    'a local time that the clock change skips'
    """
    try:
        written = (
            datetime.fromisoformat(text)
            if time_format == ISO_8601
            else datetime.strptime(text, time_format)  # noqa: DTZ007 - zoned below
        )
    except ValueError:
        wanted = "ISO 8601" if time_format == ISO_8601 else time_format
        return f"not a time written as {wanted}"
    if not FIRST_YEAR <= written.year <= LAST_YEAR:
        return f"a year outside {FIRST_YEAR}-{LAST_YEAR}"
    if written.tzinfo is not None:
        return written.astimezone(UTC)
    return _localised(written, zone)


def _localised(written: datetime, zone: ZoneInfo) -> datetime | str:
    first = written.replace(tzinfo=zone, fold=0)
    instant_utc = first.astimezone(UTC)
    if first.utcoffset() == first.replace(fold=1).utcoffset():
        return instant_utc
    if instant_utc.astimezone(zone).replace(tzinfo=None) == written:
        return "a local time that the clock change repeats: export with an offset"
    return "a local time that the clock change skips"


def _numbers(plain: pl.Series) -> pl.Series:
    numbers = plain.set(~plain.str.contains(_NUMBER), None).cast(pl.Float64)
    return numbers.set(numbers.is_infinite(), None)


def _integers(plain: pl.Series) -> pl.Series:
    digits = plain.set(~plain.str.contains(_INTEGER), None)
    return digits.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)


def _plain(written: pl.Series, decimal: str) -> pl.Series:
    """Without spaces before three digits (U+00A0 and U+202F too), and with a point."""
    closed = written.str.replace_all(r"\s([0-9]{3})\b", "$1")
    if decimal == ".":
        return closed
    # a point is no thousands separator here: 20000.0 must not become 200000
    pointed = closed.str.contains(".", literal=True)
    return closed.set(pointed, "?").str.replace(",", ".", literal=True)


def _booleans(written: pl.Series) -> pl.Series:
    words = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    return written.str.to_lowercase().replace_strict(
        words, default=None, return_dtype=pl.Boolean
    )
