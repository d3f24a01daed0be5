"""A score as it is served and kept: the JSON of DESIGN §8."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasPath, BeforeValidator, Field, JsonValue

from explanations.score import Grade, Priority, Score
from serving.formats.cloud_event import EventShown, as_cloud
from serving.formats.schema import Shown


def _of(*path: str) -> Any:
    """A field that the score has elsewhere, at this path."""
    return Field(validation_alias=AliasPath(*path))


def _is_none(value: object) -> bool:
    return value is None


class EvidenceShown(Shown):
    source: str
    event_id: str
    field: str | None = Field(default=None, exclude_if=_is_none)


class ReasonShown(Shown):
    idea: Annotated[str, _of("reason", "idea")]
    direction: Annotated[Literal["up", "down"], _of("reason", "way")]
    points: Annotated[float, _of("reason", "points")]
    text: str
    check: Annotated[Literal["deletion", "insertion"], _of("reason", "check")]
    evidence: Annotated[list[EvidenceShown], _of("reason", "evidence")]
    inserted: Annotated[
        EventShown | None,
        BeforeValidator(lambda event: event and as_cloud(event)),
        Field(validation_alias=AliasPath("reason", "inserted"), exclude_if=_is_none),
    ] = None
    score_without: Annotated[float, _of("reason", "score_without")]


class NarrativeShown(Shown):
    happened: str
    why: str
    expected: str
    short: str
    text: str


class ExceptionShown(Shown):
    kind: Annotated[str, _of("doubt")]
    text: str


class ModelShown(Shown):
    name: str
    version: str
    sha256: str


class NextStepShown(Shown):
    """What the model would say, were this done now; no promise."""

    name: Annotated[str, _of("step", "name")]
    text: str
    score_with: Annotated[float, _of("step", "score_with")]


class ChangeShown(Shown):
    """before + time + events + model = after, in points of 100."""

    before: Annotated[float, _of("change", "before")]
    after: Annotated[float, _of("change", "after")]
    time: Annotated[float, _of("change", "time")]
    events: Annotated[float, _of("change", "events")]
    model: Annotated[float, _of("change", "model")]
    ideas: Annotated[list[str], _of("change", "ideas")]
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
    next_steps: Annotated[list[NextStepShown], _of("steps")]
    exceptions: Annotated[list[ExceptionShown], _of("doubts")]
    # A score says nothing of proposals: a lead's route fills them in.
    proposals: Annotated[list[UUID], BeforeValidator(lambda _: []), _of("steps")]
    change: ChangeShown | None = None
    model: ModelShown


def score_json(score: Score) -> dict[str, JsonValue]:
    """A score as the fields of ScoreShown, which orjson writes."""
    return ScoreShown.model_validate(score).model_dump()
