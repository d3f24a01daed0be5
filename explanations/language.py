"""Numbers, lapses of time, days and lists as a language says them.

Its words stand in `<language>.ftl`, as messages that `TOLD` names; Babel knows how
it writes numbers and what it calls days and months.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

Argument = str | int | float
Text = Callable[[str, Mapping[str, Argument]], str]
MINUS = "\N{MINUS SIGN}"

# The messages that this module tells, and the arguments that it gives them.
TOLD: Mapping[str, set[str]] = {
    "euros": {"amount"},
    "duration-hours": {"count"},
    "duration-days": {"count"},
    "duration-months": {"count"},
    "duration-years": {"count"},
    "ago": {"duration"},
    "ago.yesterday": set(),
    "since": {"duration"},
    "since.yesterday": set(),
    "day": {"weekday", "number", "month"},
    "day.dated": {"weekday", "number", "month", "year"},
    "bullet": {"item"},
    "bullet.last": {"item"},
}

# The greatest numbers of days still told in days, and in months: 61 days are
# two whole months of 30.44 days, 731 days two whole years of 365.25.
_TOLD_IN_DAYS = 60
_TOLD_IN_MONTHS = 730


class Language:
    """How one language says what is counted and dated. `text` gives its messages."""

    def __init__(self, locale: Locale, text: Text) -> None:
        self._locale = locale
        self._text = text
        # What a message may call: Fluent's own type says FluentType, and takes text.
        self.functions: Mapping[str, Callable[..., Any]] = {
            "AGO": self.ago,
            "AT_LEAST": _at_least,
            "CODE": _code,
            "DURATION": self.duration,
            "EURO": self.euros,
            "IF_AT_LEAST": _if_at_least,
            "IF_BELOW": _if_below,
            "LABEL": _label,
            "LIST": _listed,
            "PERCENT": self.percentage,
            "SINCE": self.since,
        }

    def euros(self, amount: float) -> str:
        """An amount in whole euros: « 12 500 € »."""
        number = format_decimal(amount, format="#,##0", locale=self._locale)
        return self._text("euros", {"amount": str(number)})

    def percentage(self, share: float) -> str:
        """A share in [0, 1] in whole percent; 99.6 % is not told as 100 %."""
        percent = round(100 * share)
        if percent == 100 and share < 1:
            percent = 99
        return str(format_percent(percent / 100, locale=self._locale))

    def signed(self, value: int) -> dict[str, Argument]:
        """Points of a score, as the arguments of a message that tells them."""
        sign = "+" if value > 0 else MINUS if value < 0 else ""
        return {"signed": f"{sign}{abs(value)}", "count": abs(value)}

    def days(self, count: int) -> str:
        """A number of days (>= 0), in the unit that one would say: « 3 mois »."""
        if count <= _TOLD_IN_DAYS:
            return self._text("duration-days", {"count": count})
        if count <= _TOLD_IN_MONTHS:
            months = math.floor(count / 30.44)
            return self._text("duration-months", {"count": months})
        return self._text("duration-years", {"count": math.floor(count / 365.25)})

    def duration(self, hours: float) -> str:
        """A lapse of time (hours, >= 0): « 5 h », « 4 jours »."""
        if hours < 48:
            return self._text("duration-hours", {"count": math.floor(hours)})
        return self.days(round(hours / 24))

    def ago(self, days: Argument, before: str = "") -> str:
        """How long ago something happened: « il y a 3 h », « hier »; after `before`.

        `days` (>= 0) of the calendar have gone by since, for today hours / 24; nothing
        at all is said where they are unknown.
        """
        return self._gone_by("ago", days, before)

    def since(self, days: Argument, before: str = "") -> str:
        """How long something has lasted: « depuis hier »; arguments as of `ago`."""
        return self._gone_by("since", days, before)

    def day(self, which: date, today: date) -> str:
        """A day in full; its year only if it is not that of today."""
        weekday, month = _named(which, str(self._locale))
        arguments: dict[str, Argument] = {
            "weekday": weekday,
            "number": which.day,
            "month": month,
        }
        if which.year == today.year:
            return self._text("day", arguments)
        return self._text("day.dated", {**arguments, "year": str(which.year)})

    def bullets(self, items: Sequence[str]) -> str:
        """A list, one item a line."""
        *first, last = items
        lines = [self._text("bullet", {"item": item}) for item in first]
        return "\n".join([*lines, self._text("bullet.last", {"item": last})])

    def joined(self, items: Sequence[str]) -> str:
        """Phrases in a row: « un appel, un e-mail et un devis »."""
        return str(format_list(list(items), locale=self._locale))

    def _gone_by(self, key: str, days: Argument, before: str) -> str:
        if isinstance(days, str):
            return ""
        if 1 <= days < 2:
            return before + self._text(f"{key}.yesterday", {})
        lapse = self.duration(round(24 * days)) if days < 1 else self.days(int(days))
        return before + self._text(key, {"duration": lapse})


def sentence(phrase: str) -> str:
    """A phrase with its capital and its full stop."""
    return f"{phrase[:1].upper()}{phrase[1:]}."


@lru_cache(maxsize=4096)
def _named(which: date, locale: str) -> tuple[str, str]:
    """The names of its day of the week and of its month."""
    weekday = format_date(which, "EEEE", locale=locale)
    return weekday, format_date(which, "MMMM", locale=locale)


# --- What any language may call -----------------------------------------------


def _at_least(value: Argument, least: float) -> Literal["yes", "no", "unknown"]:
    if isinstance(value, str):
        return "unknown"
    return "yes" if value >= least else "no"


def _if_at_least(value: Argument, least: float, text: str) -> str:
    return text if _at_least(value, least) == "yes" else ""


def _if_below(value: Argument, limit: float, text: str) -> str:
    return text if _at_least(value, limit) == "no" else ""


def _listed(*items: str, none: str = "") -> str:
    """Those of the items that are not empty, with commas."""
    return ", ".join(str(item) for item in items if item) or none


def _code(value: Argument) -> str:
    """A code as a message may select on it: « Île-de-France » is ile_de_france."""
    plain = unicodedata.normalize("NFKD", str(value)).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]+", "_", plain.decode().lower()).strip("_")


def _label(value: Argument) -> str:
    """A code that no message knows, made readable."""
    return str(value).replace("_", " ").strip()
