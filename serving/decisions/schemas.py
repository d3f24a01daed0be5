"""Schemas of decisions, of what people say, and of what waits for them."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, RootModel

from explanations.score import Priority
from governance.people.crm_users import one_form
from governance.people.principal import Principal
from governance.policy.effects import ProposalStatus
from governance.policy.policy import Clause
from serving.audit.trace import StatedReason
from serving.decisions.override import PriorityOverride, StatusAdjustment
from serving.formats.cloud_event import FreeText, Instant, Name
from serving.formats.schema import Sent, Shown
from serving.repositories.suspensions import InForce
from serving.repositories.tasks import Task

ShortName = Annotated[str, Field(min_length=1, max_length=64)]
OwnerName = Annotated[str, Field(max_length=200), AfterValidator(one_form)]

# What the caller saw: if the lead is no longer that, the call is refused.
StageSeen = Annotated[ShortName | None, Field(alias="from")]
PrioritySeen = Annotated[Priority | None, Field(alias="from")]
ConcededSeen = Annotated[
    float | None, Field(alias="from", ge=0, allow_inf_nan=False, strict=True)
]


LostReason = Annotated[str | None, Field(max_length=64)]  # "" is none


class MoveSent(Sent):
    """`from`: the stage that the caller saw; if it is another now, 409. Who loses a
    lead says why: a `lost_reason` of the list (GET /v1/choices), and words."""

    to: ShortName
    seen: StageSeen = None
    reason: FreeText | None = None
    lost_reason: LostReason = None


class DecisionSent(Sent):
    """Why a person confirms. `from`: the stage or priority that the person saw; if it
    is another now, 409. `lost_reason`: why the lead is lost, of the list."""

    seen: StageSeen = None
    reason: FreeText | None = None
    lost_reason: LostReason = None

    @property
    def why(self) -> StatedReason:
        return StatedReason(reason=self.lost_reason or None, text=self.reason)


class DismissalSent(Sent):
    reason: Annotated[FreeText, Field(min_length=1)]


class ConcessionSent(Sent):
    """Of the price, in percent, of 0.1 at least. A person gives a reason. `from`: what
    the caller saw conceded so far, in percent; if it is another now, 409."""

    percent: Annotated[float, Field(ge=0.1, le=100, allow_inf_nan=False, strict=True)]
    seen: ConcededSeen = None
    reason: FreeText | None = None


class RequalificationSent(Sent):
    """`from`: the priority that the caller saw; if it is another now, 409."""

    priority: Priority
    seen: PrioritySeen = None
    reason: FreeText | None = None


class NoteSent(Sent):
    """A note from the field; `tone` from -2 to 2. One of the three at least.

    `taken_at`: when it was written, if it couldn't be sent then.
    """

    tone: Annotated[int, Field(strict=True, ge=-2, le=2)] | None = None
    objections: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    text: Annotated[FreeText, Field(min_length=1)] | None = None
    taken_at: Instant | None = None


class WhySent(Sent):
    """A reason of the list (GET /v1/choices), and words of one's own."""

    reason: ShortName
    text: FreeText | None = None

    @property
    def why(self) -> StatedReason:
        return StatedReason(reason=self.reason, text=self.text)


class PriorityContested(WhySent):
    """`from`: the priority that the person saw; if it is another now, 409."""

    kind: Literal["priority_contested"]
    priority: Priority
    seen: PrioritySeen = None


class PriorityConfirmed(WhySent):
    """`from`: the priority that is confirmed; if it is another now, 409."""

    kind: Literal["priority_confirmed"]
    priority: ClassVar[None] = None
    seen: PrioritySeen = None


class StatusAdjusted(WhySent):
    """`from`: the stage that the person saw; if it is another now, 409. `lost_reason`:
    why the lead is lost, of the list."""

    kind: Literal["status_adjusted"]
    stage: ShortName
    seen: StageSeen = None
    lost_reason: LostReason = None


class OverrideSent(
    RootModel[
        Annotated[
            PriorityContested | PriorityConfirmed | StatusAdjusted,
            Field(discriminator="kind"),
        ]
    ]
):
    """A priority contested or confirmed, or a status adjusted; with a reason."""

    model_config = ConfigDict(frozen=True)

    def request(
        self, lead_id: str, by: Principal
    ) -> PriorityOverride | StatusAdjustment:
        sent, why = self.root, self.root.why
        if isinstance(sent, StatusAdjusted):
            return StatusAdjustment(
                lead_id=lead_id,
                by=by,
                why=why,
                to=sent.stage,
                seen=sent.seen,
                lost_reason=sent.lost_reason,
            )
        return PriorityOverride(
            lead_id=lead_id, by=by, why=why, priority=sent.priority, seen=sent.seen
        )


class MoveShown(Shown):
    decision_id: UUID
    lead_id: str
    from_stage: str
    to_stage: str
    clause: Clause
    detail: str


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


class TaskShown(Shown, Task):
    pass


class TasksShown(Shown):
    tasks: list[TaskShown]


class InForceShown(Shown, InForce):
    """What somebody suspended, and why; `until` null: until somebody ends it."""


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
    lost_reason: list[ChoiceShown]
