"""French numbers, durations and days, as a salesperson reads them."""

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"

# The greatest numbers of days still told in days, and in months: 61 days are
# two whole months of 30.44 days, 731 days two whole years of 365.25.
_TOLD_IN_DAYS = 60
_TOLD_IN_MONTHS = 730


def number(value: float, digits: int = 1) -> str:
    """A number with `digits` decimals at most.

    Examples
    --------
    >>> number(12500), number(2.54)
    ('12\\u202f500', '2,5')
    """
    pattern = "#,##0." + "#" * digits if digits else "#,##0"
    return str(format_decimal(value, format=pattern, locale="fr"))


def nearest(value: float) -> int:
    """The nearest whole number, halves up (Python's own `round` takes the even)."""
    return math.floor(round(value, 9) + 0.5)


def euros(amount: float) -> str:
    """An amount in whole euros.

    Examples
    --------
    >>> euros(12500)
    '12\\u202f500\\xa0€'
    """
    return f"{number(amount, digits=0)}{NBSP}€"


def percentage(share: float) -> str:
    """A share in [0, 1] in whole percent; 99.6 % is not told as 100 %.

    Examples
    --------
    >>> percentage(0.8), percentage(0.996), percentage(1)
    ('80\\xa0%', '99\\xa0%', '100\\xa0%')
    """
    percent = round(100 * share)
    if percent == 100 and share < 1:
        percent = 99
    return f"{number(percent)}{NBSP}%"


def points(value: int) -> str:
    """Signed points of a score.

    Examples
    --------
    >>> points(12), points(-1), points(0)
    ('+12\\xa0points', '−1\\xa0point', '0\\xa0point')
    """
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{abs(value)}{NBSP}{'point' if abs(value) < 2 else 'points'}"


def ordinal(rank: int) -> str:
    """A rank, in the feminine.

    Examples
    --------
    >>> ordinal(1), ordinal(4)
    ('1ʳᵉ', '4ᵉ')
    """
    return "1ʳᵉ" if rank == 1 else f"{number(rank)}ᵉ"


def days(count: int) -> str:
    """A number of days (>= 0), in the unit that one would say.

    Examples
    --------
    >>> days(0), days(18), days(95), days(800)
    ('moins d’un jour', '18\\xa0jours', '3\\xa0mois', '2\\xa0ans')
    """
    if count < 1:
        return "moins d’un jour"
    if count <= _TOLD_IN_DAYS:
        return f"{count}{NBSP}{'jour' if count == 1 else 'jours'}"
    if count <= _TOLD_IN_MONTHS:
        return f"{math.floor(count / 30.44)}{NBSP}mois"
    return f"{number(math.floor(count / 365.25))}{NBSP}ans"


def duration(hours: float) -> str:
    """A lapse of time (hours, >= 0).

    Examples
    --------
    >>> duration(0.4), duration(5.2), duration(100)
    ('moins d’une heure', '5\\xa0h', '4\\xa0jours')
    """
    if hours < 1:
        return "moins d’une heure"
    return f"{math.floor(hours)}{NBSP}h" if hours < 48 else days(round(hours / 24))


def days_ago(count: int) -> str:
    """A day of the past, by the number of days gone by since.

    Examples
    --------
    >>> days_ago(0), days_ago(1), days_ago(18)
    ('aujourd’hui', 'hier', 'il y a 18\\xa0jours')
    """
    return {0: "aujourd’hui", 1: "hier"}.get(count) or f"il y a {days(count)}"


def since_days(count: int) -> str:
    """How long something has lasted, in days.

    Examples
    --------
    >>> since_days(0), since_days(1), since_days(18)
    ('depuis aujourd’hui', 'depuis hier', 'depuis 18\\xa0jours')
    """
    told = {0: "aujourd’hui", 1: "hier"}.get(count) or days(count)
    return f"depuis {told}"


def paris_day(at: datetime) -> date:
    """The day that it is in Paris at an aware time."""
    return at.astimezone(PARIS).date()


def days_between(at: datetime, moment: datetime) -> int:
    """Days of the calendar gone by in Paris, from a time to a later moment."""
    return max(0, (paris_day(moment) - paris_day(at)).days)


def day(which: date, today: date) -> str:
    """A day in full; its year only if it is not that of today.

    Examples
    --------
    >>> day(date(2026, 12, 1), today=date(2026, 11, 24))
    'mardi 1ᵉʳ décembre'
    >>> day(date(2027, 1, 4), today=date(2026, 11, 24))
    'lundi 4 janvier 2027'
    """
    pattern = "EEEE d MMMM" if which.year == today.year else "EEEE d MMMM y"
    return format_date(which, pattern, locale="fr").replace(" 1 ", " 1ᵉʳ ")


def when(at: datetime, moment: datetime) -> str:
    """When something past happened, seen from a moment; both aware.

    Examples
    --------
    >>> noon = datetime(2026, 11, 24, 12, tzinfo=PARIS)
    >>> when(noon - timedelta(hours=3), noon), when(noon - timedelta(days=1), noon)
    ('il y a 3\\xa0h', 'hier')
    >>> when(noon - timedelta(days=8), noon)
    'lundi 16 novembre'
    """
    gone_by = days_between(at, moment)
    if gone_by == 0:
        return f"il y a {duration(max(0.0, (moment - at) / timedelta(hours=1)))}"
    return "hier" if gone_by == 1 else day(paris_day(at), paris_day(moment))


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


def bullets(items: Sequence[str]) -> str:
    """A list, one item a line, closed by a full stop.

    Examples
    --------
    >>> bullets(["un appel", "un devis"])
    '–\\xa0un appel\\xa0;\\n–\\xa0un devis.'
    """
    return f"{NBSP};\n".join(f"–{NBSP}{item}" for item in items) + "."


def joined(items: Sequence[str]) -> str:
    """Phrases in a row.

    Examples
    --------
    >>> joined(["un appel", "un e-mail", "un devis"])
    'un appel, un e-mail et un devis'
    """
    *first, last = items or [""]
    return f"{', '.join(first)} et {last}" if first else last


def sentence(phrase: str) -> str:
    """A phrase with its capital and its full stop."""
    return f"{phrase[:1].upper()}{phrase[1:]}."
