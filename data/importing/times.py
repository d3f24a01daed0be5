"""Times as texts, read as instants in UTC: common shapes at once, others one by one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from data.importing.mapping import ISO_8601
from features.event import TIME
from features.log import FIRST_YEAR, LAST_YEAR

_OFFSET = "%z"
_DIRECTIVES = {  # of strptime: what Polars calls it, and the texts that both read alike
    "%Y": ("%Y", "(?:19[7-9]|20[0-9])[0-9]"),
    "%m": ("%m", "[0-9]{2}"),
    "%d": ("%d", "[0-9]{2}"),
    "%H": ("%H", "[0-9]{2}"),
    "%M": ("%M", "[0-9]{2}"),
    "%S": ("%S", "[0-5][0-9]"),
    ".%f": ("%.f", r"\.[0-9]{1,6}"),
    _OFFSET: ("%z", "[+-][01][0-9]:?[0-5][0-9]"),
}
_PIECE = re.compile(r"\.%f|%.|[^%]")
_ISO_TIMES = ("", *(f"{t}%H:%M{s}" for t in "T " for s in ("", ":%S", ":%S.%f")))


@dataclass(frozen=True, slots=True)
class _Shape:
    """Texts that Polars reads as Python does. `zone`: that of their local times."""

    pattern: str
    polars_format: str
    zone: str | None

    def read(self, written: pl.Series) -> pl.Series:
        """Null where a text is not of the shape, or names no instant."""
        known = written.set(~written.str.contains(self.pattern), None)
        times = known.str.to_datetime(
            self.polars_format, time_unit="us", strict=False, cache=False
        )
        if self.zone:
            times = times.dt.replace_time_zone(
                self.zone, ambiguous="null", non_existent="null"
            )
        return times.cast(TIME)


def read_times(
    written: pl.Series, time_format: str, time_zone: str
) -> tuple[pl.Series, pl.Series]:
    """The instants that texts name, and why others name none; null is neither."""
    times = pl.repeat(None, len(written), dtype=TIME, eager=True)
    for shape in _shapes(time_format, time_zone):
        unread = written.set(times.is_not_null(), None)
        if unread.null_count() == len(unread):
            break
        times = times.zip_with(times.is_not_null(), shape.read(unread))
    odd = written.filter(times.is_null()).unique().drop_nulls()
    zone = ZoneInfo(time_zone)
    read = {text: instant(text, time_format, zone) for text in odd}
    rest = {text: time for text, time in read.items() if not isinstance(time, str)}
    reasons = {text: time for text, time in read.items() if isinstance(time, str)}
    if rest:
        others = _replaced(written, rest, TIME)
        times = times.zip_with(times.is_not_null(), others)
    return times, _replaced(written, reasons, pl.String())


def _replaced(
    written: pl.Series, table: Mapping[str, object], dtype: pl.DataType
) -> pl.Series:
    values = pl.Series(list(table.values()), dtype=dtype)
    return written.replace_strict(list(table), values, default=None, return_dtype=dtype)


@lru_cache(maxsize=64)
def _shapes(time_format: str, time_zone: str) -> tuple[_Shape, ...]:
    if time_format != ISO_8601:
        return tuple(_shape_of(time_format, time_zone))
    # most exports write seconds: what is commonest is tried first
    iso = [f"%Y-%m-%d{time}" for time in sorted(_ISO_TIMES, key=len, reverse=True)]
    local = [shape for text in iso for shape in _shape_of(text, time_zone)]
    offset = [shape for text in iso[:-1] for shape in _shape_of(text + _OFFSET, "UTC")]
    utc = [shape for text in iso[:-1] for shape in _shape_of(text + "Z", "UTC")]
    return tuple(sorted(local + utc + offset, key=_is_rare))


def _is_rare(shape: _Shape) -> bool:
    return "%S" not in shape.polars_format


def _shape_of(time_format: str, time_zone: str) -> Iterable[_Shape]:
    """The shape of a format; none if Polars may read it otherwise than Python."""
    pieces = _PIECE.findall(time_format)
    if not all(piece in _DIRECTIVES or _is_plain(piece) for piece in pieces):
        return
    names, patterns = zip(
        *(_DIRECTIVES.get(piece, (piece, re.escape(piece))) for piece in pieces),
        strict=True,
    )
    zone = None if _OFFSET in names else time_zone
    yield _Shape(f"^{''.join(patterns)}$", "".join(names), zone)


def _is_plain(piece: str) -> bool:
    return (
        len(piece) == 1 and piece.isascii() and (piece.isalnum() or piece in "/-.: ,")
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
