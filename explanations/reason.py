"""Reasons: what moved a score, on which evidence, and how each was checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from features.event import Event


class Direction(StrEnum):
    """Which way a reason moves the score."""

    UP = "up"
    DOWN = "down"


class Check(StrEnum):
    """How a reason was checked before it was told."""

    DELETION = "deletion"  # its evidence was taken out of the log
    INSERTION = "insertion"  # the event whose absence it tells was put in


class Evidence(NamedTuple):  # a log's are made by the million: it costs the least
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
    `quote` is the text of a note that the reason rests on, as it was written.
    """

    idea: str
    way: Direction
    points: float
    log_odds: float
    values: Mapping[str, float | str | None]
    check: Check
    evidence: tuple[Evidence, ...]
    last_at: datetime
    inserted: Event | None
    score_without: float
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier score of a lead, in points, and when it was given."""

    score: float
    moment: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`before` + `time` + `events` + `model` = `after`, all in points.

    `time`: what the earlier model says at the new moment of what was known at the
    earlier one. `events`: what new facts add to it. `model`: what another model
    makes of the same facts. `ideas` are those that new facts moved most.
    """

    before: float
    after: float
    time: float
    events: float
    model: float
    ideas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step of the catalogue, and the score in points that the model would give."""

    name: str
    score_with: float
