"""When a task is due: French working days, counted from the day it is in Paris."""

from datetime import date, datetime

from explanations.calendar_fr import due_day, paris_day


def due_date(now: datetime, working_days: int) -> date:
    """The day that is `working_days` (>= 0) French working days after `now`.

    The day of `now` isn't counted; with 0, it is the first working day from it on.

    Examples
    --------
    >>> from datetime import UTC
    >>> due_date(datetime(2026, 5, 7, 12, tzinfo=UTC), 1)  # 8 May is a holiday
    datetime.date(2026, 5, 11)
    """
    if working_days < 0:
        raise ValueError("working_days is negative")
    return due_day(paris_day(now), working_days)
