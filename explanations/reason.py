"""A reason: what moved the score, on which evidence, and how it was checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from features.event import Event


class Way(StrEnum):
    """Which way a reason moves the score."""

    UP = "up"
    DOWN = "down"


class Check(StrEnum):
    """How a reason was checked before it was told."""

    DELETION = "deletion"  # its evidence was taken out of the log
    INSERTION = "insertion"  # the event whose absence it tells was put in


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """An event of the log; for an attribute, one field of an event."""

    source: str
    event_id: str
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One business idea that moved the score, checked against its evidence.

    `points` are probability points (0 to 100), signed; `log_odds` the same in
    calibrated log-odds. `values` are the idea's signals (None where unknown).
    `score_without` is what the model says once the evidence is taken out, or
    the awaited event put in; it is not `score - points`. `last_at` is when the
    latest of the evidence happened, or since when the absent event is awaited.
    """

    idea: str
    way: Way
    points: float
    log_odds: float
    values: Mapping[str, float | str | None]
    check: Check
    evidence: tuple[Evidence, ...]
    last_at: datetime
    inserted: Event | None
    score_without: float
