"""French calendar: days in Paris, and the days that are worked."""

import math
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def paris_day(at: datetime) -> date:
    """The day that it is in Paris at an aware time."""
    return at.astimezone(PARIS).date()


def days_between(at: datetime, moment: datetime) -> int:
    """Days of the calendar gone by in Paris, from a time to a later moment."""
    return max(0, (_day_of_moment(moment) - paris_day(at)).days)


def gone_by(at: datetime, moment: datetime) -> float:
    """Days of the calendar gone by in Paris; for the same day, whole hours / 24.

    Examples
    --------
    >>> noon = datetime(2026, 11, 24, 12, tzinfo=PARIS)
    >>> gone_by(noon - timedelta(hours=3.2), noon), gone_by(noon, noon)
    (0.125, 0.0)
    >>> gone_by(noon - timedelta(hours=13), noon)
    1.0
    """
    days = days_between(at, moment)
    if days:
        return float(days)
    hours = (moment - at) / timedelta(hours=1)
    # A day whose clock goes back has 25 hours, and is still today.
    return min(23, max(0, math.floor(round(hours, 6)))) / 24


_day_of_moment = lru_cache(maxsize=64)(paris_day)  # many are told at the same one


@lru_cache(maxsize=4096)
def due_day(today: date, working_days: int) -> date:
    """The day that is so many French working days (>= 0) after today.

    On a day off the count starts at the next working day, as for a task.

    Examples
    --------
    >>> due_day(date(2026, 7, 13), 1)  # Tuesday is 14 July
    datetime.date(2026, 7, 15)
    >>> due_day(date(2026, 11, 21), 1)  # a Saturday: Monday is day 0
    datetime.date(2026, 11, 24)
    """
    which = _worked_from(today)
    for _ in range(working_days):
        which = _worked_from(which + timedelta(days=1))
    return which


def _worked_from(which: date) -> date:
    from holidays import country_holidays

    while which.weekday() >= 5 or which in country_holidays("FR", years=which.year):
        which += timedelta(days=1)
    return which
