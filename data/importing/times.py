"""Times as foreign tables write them, made instants in UTC."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from data.importing.mapping import ISO_8601
from features.event import TIME
from features.log import FIRST_YEAR, LAST_YEAR


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


def instants(
    cells: pl.Series, time_format: str, zone: ZoneInfo
) -> tuple[pl.Series, pl.Series]:
    """Instants of a column, and reasons: an empty cell has neither."""
    read = {
        text: instant(text, time_format, zone) for text in cells.unique().drop_nulls()
    }
    found = [None if text is None else read[text] for text in cells]
    times = [None if isinstance(one, str) else one for one in found]
    reasons = [one if isinstance(one, str) else None for one in found]
    return (
        pl.Series(cells.name, times, dtype=TIME),
        pl.Series(cells.name, reasons, dtype=pl.String),
    )
