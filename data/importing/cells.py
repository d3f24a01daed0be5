"""Values of columns, times made instants in UTC, and why a row's cell holds none.

A reading is a pair of series, the values and the reasons: where a cell is sound or
empty the reason is null; where it can't be read the value is.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from data.importing.errors import ImportFailedError
from data.importing.mapping import ISO_8601, FieldColumn, Mapping, TimeColumn
from data.importing.sheet import Sheet
from features.event import TIME
from features.log import FIRST_YEAR, LAST_YEAR

Reading = tuple[pl.Series, pl.Series]

_NUMBER = r"^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$"
_INTEGER = r"^[+-]?[0-9]+(\.0*)?$"  # "12.0" is how pandas exports a column with gaps
_TRUE = ("true", "yes", "oui", "vrai", "1")
_NAMES_TOLD = 50
_FALSE = ("false", "no", "non", "faux", "0")


def mapped_cells(sheet: Sheet, mapping: Mapping) -> pl.DataFrame:
    """The columns that the mapping names: stripped, and null where empty.

    Raises
    ------
    ImportFailedError
        If the file's header lacks one of them, or holds it twice.
    """
    columns = _named_columns(mapping)
    for key, column in columns:
        times = sheet.header.count(column)
        if times != 1:
            raise ImportFailedError(
                f"{_header_place(sheet)}: the mapping's {key} names the column "
                f"{column!r}, which {_held(times)}; "
                f"{_header_told(sheet)}"
            )
    places = {column: sheet.header.index(column) for _, column in columns}
    return pl.DataFrame(
        {
            column: [row[place].strip() or None for row in sheet.rows]
            for column, place in places.items()
        },
        schema=dict.fromkeys(places, pl.String()),
    )


def required(cells: pl.Series) -> pl.Series:
    """Why a cell that must not be empty is not sound."""
    return where(cells.is_null(), f"column {cells.name!r} is empty")


def read_times(cells: pl.DataFrame, column: TimeColumn, mapping: Mapping) -> Reading:
    """Instants of a time column; an empty cell has neither value nor reason."""
    written = cells[column.column]
    time_format = column.format or mapping.time_format
    zone = ZoneInfo(mapping.time_zone)
    read: dict[str | None, datetime | str] = {
        text: instant(text, time_format, zone) for text in written.unique().drop_nulls()
    }
    instants = [read.get(text) for text in written]
    times = [None if isinstance(time, str) else time for time in instants]
    reasons = [time if isinstance(time, str) else None for time in instants]
    return (
        pl.Series(written.name, times, dtype=TIME),
        f"column {column.column!r}: " + pl.Series(reasons, dtype=pl.String),
    )


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


def read_fields(
    cells: pl.DataFrame, fields: dict[str, FieldColumn], decimal: str
) -> tuple[pl.DataFrame, list[pl.Series]]:
    """Values of data fields, one column a field, and the reasons of each."""
    readings = {name: _field(cells, one, decimal) for name, one in fields.items()}
    values = pl.DataFrame([one.alias(name) for name, (one, _) in readings.items()])
    return values, [reasons for _, reasons in readings.values()]


def _field(cells: pl.DataFrame, field: FieldColumn, decimal: str) -> Reading:
    written = cells[field.column]
    written = written.set(written.is_in(field.unknown), None)
    match field.type:
        case "text":
            values = written
        case "number":
            values = _numbers(_plain(written, decimal))
        case "integer":
            values = _integers(_plain(written, decimal))
        case "boolean":
            values = _booleans(written)
    unread = written.is_not_null() & values.is_null()
    hint = f" with decimal {decimal!r}" if field.type in ("number", "integer") else ""
    return values, where(unread, f"column {field.column!r}: no {field.type}{hint}")


def where(condition: pl.Series, reason: str) -> pl.Series:
    """The reason on the rows where the condition holds, null elsewhere."""
    return pl.select(pl.when(condition).then(pl.lit(reason))).to_series()


def first_reason(reasons: Iterable[pl.Series]) -> pl.Series:
    """The first reason of each row, null where the row is sound."""
    named = [reason.alias(str(place)) for place, reason in enumerate(reasons)]
    return pl.select(pl.coalesce(named)).to_series().alias("reason")


def _held(times: int) -> str:
    return f"the header holds {times} times" if times else "is not in the header"


def _header_place(sheet: Sheet) -> str:
    return str(sheet.path) if sheet.delimiter is None else f"{sheet.path}, line 1"


def _header_told(sheet: Sheet) -> str:
    read = "" if sheet.delimiter is None else f"with delimiter {sheet.delimiter!r} "
    return f"{read}it holds {', '.join(sheet.header[:_NAMES_TOLD])}"


def _named_columns(mapping: Mapping) -> list[tuple[str, str]]:
    """Each column that the mapping names, with the key that names it."""
    named = [("actor.column", mapping.actor.column)] if mapping.actor.column else []
    for key, written in mapping.columns:
        match written:
            case str():
                named.append((f"columns.{key}", written))
            case TimeColumn():
                named.append((f"columns.{key}", written.column))
            case tuple():
                named.extend((f"columns.{key}", column) for column in written)
    for table, fields in (("data", mapping.data), ("attributes", mapping.attributes)):
        named.extend((f"{table}.{name}", one.column) for name, one in fields.items())
    return named


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


def no_meaning(
    written: pl.Series, unread: pl.Series, what: str, table: str, names: str
) -> pl.Series:
    """Why a text is not sound that a table of the mapping gives no meaning."""
    complaint = pl.format(
        "column {}: no {} for {}: add it to [{}]",
        pl.lit(names),
        pl.lit(what),
        '"' + written.str.slice(0, 60) + '"',
        pl.lit(table),
    )
    return pl.select(pl.when(unread).then(complaint)).to_series()


def _booleans(written: pl.Series) -> pl.Series:
    words = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    return written.str.to_lowercase().replace_strict(
        words, default=None, return_dtype=pl.Boolean
    )
