"""A score as it is served and kept: the JSON of DESIGN §8."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from explanations.reason import Evidence, Reason
from explanations.score import Grade, Priority, Score, TextedChange, TextedReason
from serving.formats.cloud_event import EventShown, as_cloud
from serving.formats.schema import Shown


class EvidenceShown(Shown):
    source: str
    event_id: str
    field: str | None = None


class ReasonShown(Shown):
    idea: str
    direction: Literal["up", "down"]
    points: float
    text: str
    check: Literal["deletion", "insertion"]
    evidence: list[EvidenceShown]
    inserted: EventShown | None = None
    score_without: float


class NarrativeShown(Shown):
    happened: str
    why: str
    expected: str
    short: str
    text: str


class ExceptionShown(Shown):
    kind: str
    text: str


class ModelShown(Shown):
    name: str
    version: str
    sha256: str


class NextStepShown(Shown):
    """What the model would say, were this done now; no promise."""

    name: str
    text: str
    score_with: float


class ChangeShown(Shown):
    """before + time + events + model = after, in points of 100."""

    before: float
    after: float
    time: float
    events: float
    model: float
    ideas: list[str]
    text: str


class ScoreShown(Shown):
    """base + the reasons' points + other_points = score, in points of 100."""

    lead_id: str
    moment: datetime
    score: float
    base: float
    grade: Grade
    priority: Priority
    reasons: list[ReasonShown]
    other_points: float
    narrative: NarrativeShown
    next_steps: list[NextStepShown]
    exceptions: list[ExceptionShown]
    proposals: list[UUID]
    change: ChangeShown | None = None
    model: ModelShown


def score_json(score: Score) -> dict[str, JsonValue]:
    """base + the reasons' points + other_points = score."""
    return {
        "lead_id": score.lead_id,
        "moment": score.moment.isoformat(),
        "score": score.score,
        "base": score.base,
        "grade": score.grade.value,
        "priority": score.priority.value,
        "reasons": [reason_json(told) for told in score.reasons],
        "other_points": score.other_points,
        "narrative": {
            "happened": score.narrative.happened,
            "why": score.narrative.why,
            "expected": score.narrative.expected,
            "short": score.narrative.short,
            "text": score.narrative.text,
        },
        "next_steps": [
            {"name": one.step.name, "text": one.text, "score_with": one.step.score_with}
            for one in score.steps
        ],
        "exceptions": [
            {"kind": told.doubt.value, "text": told.text} for told in score.doubts
        ],
        "proposals": [],
        "change": None if score.change is None else _change(score.change),
        "model": {
            "name": score.model.name,
            "version": score.model.version,
            "sha256": score.model.sha256,
        },
    }


def _change(told: TextedChange) -> JsonValue:
    """before + time + events + model = after, in points."""
    change = told.change
    return {
        "before": change.before,
        "after": change.after,
        "time": change.time,
        "events": change.events,
        "model": change.model,
        "ideas": list(change.ideas),
        "text": told.text,
    }


def reason_json(told: TextedReason) -> JsonValue:
    """A reason: what it says, how far it pulls, on what, and how it was checked."""
    reason = told.reason
    return {
        "idea": reason.idea,
        "direction": reason.way.value,
        "points": reason.points,
        "text": told.text,
        "check": reason.check.value,
        "evidence": [_evidence(one) for one in reason.evidence],
        **_inserted(reason),
        "score_without": reason.score_without,
    }


def _inserted(reason: Reason) -> dict[str, JsonValue]:
    return {} if reason.inserted is None else {"inserted": as_cloud(reason.inserted)}


def _evidence(one: Evidence) -> JsonValue:
    named: dict[str, JsonValue] = {"source": one.source, "event_id": one.event_id}
    return named if one.field is None else named | {"field": one.field}
