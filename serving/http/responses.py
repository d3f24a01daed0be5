"""What calls get: the shapes that the HTTP interface shows."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    JsonValue,
)

from explanations.score import Grade, Priority
from features.event import Actor
from governance.people.roles import Role
from governance.policy.effects import ProposalStatus
from governance.policy.policy import Clause
from governance.policy.task import TaskStatus


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Rejected(Shown):
    index: int
    code: str
    detail: str


class EventsTaken(Shown):
    accepted: int
    duplicates: int
    rejected: list[Rejected]


class EvidenceShown(Shown):
    source: str
    event_id: str
    field: str | None = None


class EventShown(Shown):
    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: datetime
    subject: str
    data: dict[str, object]
    actor: Actor
    receivedat: datetime


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


class ScoresShown(Shown):
    scores: list[ScoreShown]


class LeadLine(Shown):
    lead_id: str
    stage: str
    owner: str | None
    priority: Priority | None
    score: float | None
    grade: Grade | None
    short: str | None
    moment: datetime | None


class LeadsShown(Shown):
    total: int
    leads: list[LeadLine]


class ProposalShown(Shown):
    id: UUID
    lead_id: str
    from_stage: str
    to_stage: str
    from_priority: Priority | None
    to_priority: Priority | None
    concession_percent: float | None
    clause: str
    reason: str | None
    asked_by: str
    status: ProposalStatus
    created_at: datetime
    expires_at: datetime | None


class TaskShown(Shown):
    id: UUID
    lead_id: str
    proposal_id: UUID | None
    kind: str
    owner: str
    expected: str
    due_on: date
    status: TaskStatus
    created_at: datetime
    closed_at: datetime | None
    why: str | None
    escalated_at: datetime | None


class TasksShown(Shown):
    tasks: list[TaskShown]


class NoticeShown(Shown):
    """What a rule told somebody of the lead."""

    id: UUID
    rule_id: str
    recipient: str
    text: str
    created_at: datetime


class InForceShown(Shown):
    """What somebody suspended, and why; `until` null: until somebody ends it."""

    id: UUID
    by: str
    since: datetime
    until: datetime | None
    reason: str
    words: str | None


class ConcededShown(Shown):
    """In percent, all told; and what of it no person signed."""

    percent: float
    by_machines_percent: float


class LeadShown(Shown):
    """`priority` is the one that stands, whoever gave it; `suspensions` hold automation
    on the lead; `conceded` is of the price, so far."""

    lead_id: str
    stage: str
    priority: Priority | None
    owner: str | None
    score: ScoreShown | None
    proposals: list[ProposalShown]
    tasks: list[TaskShown]
    notices: list[NoticeShown]
    suspensions: list[InForceShown]
    conceded: ConcededShown


class MoveShown(Shown):
    decision_id: UUID
    lead_id: str
    from_stage: str
    to_stage: str
    clause: Clause
    detail: str


class PersonShown(Shown):
    id: UUID
    login: str
    name: str
    role: Role
    team: str | None


class SessionShown(Shown):
    """`csrf` is null for a token, which needs none."""

    person: PersonShown
    expires_at: datetime
    csrf: str | None


class ConcessionShown(Shown):
    decision_id: UUID
    lead_id: str
    percent: float
    clause: Clause
    detail: str


class RequalifiedShown(Shown):
    decision_id: UUID
    lead_id: str
    priority: Priority
    clause: Clause
    detail: str


class SaidShown(Shown):
    """A person's word, which is now an event of the log."""

    lead_id: str
    event_id: UUID
    kind: str


class SuspensionShown(Shown):
    id: UUID
    lead_id: str | None = None
    rule_id: str | None = None
    until: datetime | None


class ChoiceShown(Shown):
    name: str
    title: str


class ReasonChoiceShown(ChoiceShown):
    needs_text: bool
    agrees: bool


class ToneShown(Shown):
    value: int
    title: str


class ChoicesShown(Shown):
    reason: list[ReasonChoiceShown]
    tone: list[ToneShown]
    objection: list[ChoiceShown]


class WhoShown(Shown):
    kind: str
    id: UUID
    name: str | None  # null once it was forgotten


class SubjectShown(Shown):
    kind: str
    id: str


class FactShown(Shown):
    source: str
    event_id: str
    kind: str
    occurred_at: datetime


class CauseShown(Shown):
    """`causation` is the entry, `event` the fact, that this one follows from."""

    correlation: UUID
    causation: UUID | None
    event: FactShown | None
    depth: int


class WordsShown(Shown):
    """Why it was done: a reason of the list, and words. The audit itself has none."""

    reason: str | None
    text: str | None


class EntryShown(Shown):
    seq: int
    id: UUID
    at: datetime
    who: WhoShown
    action: str
    subject: SubjectShown
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None
    why: dict[str, JsonValue]
    words: WordsShown | None
    cause: CauseShown
    hash: str


class RuleShown(Shown):
    """A rule in force; `suspended`: a person stopped it for now, by `suspensions`."""

    id: str
    title: str
    why: str
    owner: str
    priority: int
    set_off_by: str
    writes: str
    sources: list[str]
    valid_from: date | None
    valid_to: date | None
    state: str
    suspended: bool
    suspensions: list[InForceShown]


class RulesShown(Shown):
    version: int
    sha256: str
    rules: list[RuleShown]


class AuditShown(Shown):
    entries: list[EntryShown]


class Problem(Shown):
    """RFC 9457; the media type is application/problem+json."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    proposal_id: UUID | None = None
    task_id: UUID | None = None


class Health(Shown):
    status: Literal["live", "ready"]
    model: ModelShown | None = None
    automation: Literal["running", "stopped"] | None = None
    audit_broken_at: int | None = None
