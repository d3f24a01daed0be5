"""French working days: Monday to Friday, holidays excepted."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

PARIS = ZoneInfo("Europe/Paris")


def due_date(now: datetime, working_days: int) -> date:
    """The day that is `working_days` (>= 0) French working days after `now`.

    The day of `now` is that of Paris and isn't counted; with 0, it is the first
    working day from it on.

    Examples
    --------
    >>> from datetime import UTC
    >>> due_date(datetime(2026, 5, 7, 12, tzinfo=UTC), 1)  # 8 May is a holiday
    datetime.date(2026, 5, 11)
    """
    if working_days < 0:
        raise ValueError("working_days is negative")
    day = now.astimezone(PARIS).date()
    while not _is_worked(day):
        day += timedelta(days=1)
    for _ in range(working_days):
        day += timedelta(days=1)
        while not _is_worked(day):
            day += timedelta(days=1)
    return day


def _is_worked(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


@lru_cache(maxsize=16)
def _holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("FR", years=year)
