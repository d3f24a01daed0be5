"""Signal values as arguments of messages, and values that messages are tried with."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from explanations.calendar_fr import gone_by
from explanations.language import Argument
from explanations.messages import UNKNOWN
from explanations.quotation import readable_label
from features.catalogue import Signal
from features.featurise import ZERO_WITHOUT_EVENTS

LONGEST_LABEL = 100  # characters; Fluent refuses 1,000, and no label is that long
LARGEST_NUMBER = 1e15  # Babel fails from 1e25, and no honest signal is that large

_TRIAL_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_TRIED = (None, 0.0, 0.6, 1.0, 2.0, 1000.0)
_NEGATIVE = -2.0
_MAY_BE_NEGATIVE = {"sum", "mean", "last", "trend"}
TRIED_DAYS: tuple[Argument, ...] = (UNKNOWN, 0.0, 0.6, 1.0, 2.0, 1000.0)


def signal_argument(
    signal: Signal, value: float | str | None, moment: datetime
) -> Argument:
    """A signal's value as its messages get it.

    Days since something are days of the calendar in Paris: « hier » is yesterday.
    Hours are whole under two days, then whole days. Coarse values repeat, so texts
    are found again rather than formatted.
    """
    if isinstance(value, str):
        return _told_label(value)
    if value is None or not abs(value) < LARGEST_NUMBER:
        # No event counts as zero (`featurise` promises it); the rest is unknown.
        return 0 if signal.aggregate in ZERO_WITHOUT_EVENTS else UNKNOWN
    if signal.aggregate in {"days_since_last", "days_since_first"}:
        return gone_by(moment - timedelta(days=value), moment)
    if signal.aggregate == "latency":
        return math.floor(value) if value < 48 else 24 * round(value / 24)
    return int(value) if value == int(value) else round(value, 3)


def tried_arguments(signal: Signal, codes: Iterable[str]) -> list[Argument]:
    """Values between which a message on the signal can't tell a difference unseen.

    Every plural, unknown, and what is below zero where the signal may be; of a
    category, the `codes` that the message knows and one that it doesn't. A text is
    quoted and never told: no message can ask what it says.
    """
    values: Iterable[float | str | None]
    if signal.is_text:
        values = (None,)
    elif signal.is_category:
        values = (None, "autre", *sorted(codes))
    else:
        may_be_negative = signal.aggregate in _MAY_BE_NEGATIVE
        values = (*_TRIED, _NEGATIVE) if may_be_negative else _TRIED
    arguments = (signal_argument(signal, value, _TRIAL_MOMENT) for value in values)
    return [*dict.fromkeys(arguments)]


@lru_cache(maxsize=4096)
def _told_label(value: str) -> str:
    """A label breaks no line and no quotation marks: it comes from outside."""
    return (readable_label(value) if len(value) <= LONGEST_LABEL else "") or UNKNOWN
