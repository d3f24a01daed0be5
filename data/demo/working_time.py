"""French working time: how busy each day is, for leads and for salespeople."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.arrays import FloatArray, IntArray

LEAD_OFF = 0.12  # a lead's activity on a day off, of a plain day's
LEAD_AUGUST, PERSON_AUGUST = 0.45, 0.5
LEAD_CHRISTMAS, PERSON_CHRISTMAS = 0.4, 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingTime:
    """Days are numbered from `first`.

    `lead_pace` and `person_pace` are (days,), 1 on a plain working day, and
    people do not work on days off. `lead_clock` is (days + 1,): the sum of
    `lead_pace` before each day, in working days. `next_working` is (days,): the
    first day, from that one on, on which people work.
    """

    first: date
    lead_pace: FloatArray
    person_pace: FloatArray
    lead_clock: FloatArray
    next_working: IntArray


def working_time(first: date, days: int) -> WorkingTime:
    """The pace of `days` days from `first`: weekends, holidays, August, Christmas.

    >>> friday_to_monday = working_time(date(2026, 5, 8), 4)  # 8 May: a holiday
    >>> friday_to_monday.person_pace.tolist()
    [0.0, 0.0, 0.0, 1.0]
    >>> friday_to_monday.next_working.tolist()
    [3, 3, 3, 3]
    """
    import holidays

    dates = [first + timedelta(days=number) for number in range(days)]
    years = range(first.year, dates[-1].year + 1)
    closed = holidays.country_holidays("FR", years=years)
    off = np.array([day.weekday() > 4 or day in closed for day in dates])
    august = np.array([day.month == 8 for day in dates])
    christmas = np.array([day.month == 12 and day.day > 22 for day in dates])
    season = np.select([august, christmas], [LEAD_AUGUST, LEAD_CHRISTMAS], 1.0)
    lead_pace = season * np.where(off, LEAD_OFF, 1.0)
    season = np.select([august, christmas], [PERSON_AUGUST, PERSON_CHRISTMAS], 1.0)
    number = np.where(off, days - 1, np.arange(days))
    return WorkingTime(
        first=first,
        lead_pace=lead_pace,
        person_pace=season * ~off,
        lead_clock=np.concatenate([[0.0], np.cumsum(lead_pace)]),
        next_working=np.minimum.accumulate(number[::-1])[::-1],
    )
