"""What calls send: the bodies and queries of the HTTP interface."""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
)

from explanations.score import Priority
from serving.formats.cloud_event import CloudEvent, FreeText, Instant, LeadName, Name


class Sent(BaseModel):
    """A body: frozen, and no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LeadSent(Sent):
    lead_id: LeadName
    events: tuple[CloudEvent, ...] = ()


class ScoresAsked(Sent):
    moment: Instant | None = None
    leads: Annotated[tuple[LeadSent, ...], Field(min_length=1)]


StageName = Annotated[str, Field(min_length=1, max_length=64)]
# What the caller saw: if the lead is no longer that, the call is refused.
StageSeen = Annotated[StageName | None, Field(alias="from")]
PrioritySeen = Annotated[Priority | None, Field(alias="from")]

ConcededSeen = Annotated[
    float | None, Field(alias="from", ge=0, allow_inf_nan=False, strict=True)
]


class MoveSent(Sent):
    """`from`: the stage that the caller saw; if it is another now, 409."""

    to: StageName
    seen: StageSeen = None
    reason: FreeText | None = None


class SignInSent(Sent):
    login: Name
    password: Annotated[SecretStr, Field(max_length=200)]


class DecisionSent(Sent):
    """Why a person confirms. `from`: the stage or priority that the person saw; if it
    is another now, 409."""

    seen: Annotated[StageName | None, Field(alias="from")] = None
    reason: FreeText | None = None


class DismissalSent(Sent):
    reason: Annotated[FreeText, Field(min_length=1)]


class NoteSent(Sent):
    """A note from the field; `tone` from -2 to 2. One of the three at least.

    `taken_at`: when it was written, if it couldn't be sent then.
    """

    tone: Annotated[int, Field(strict=True, ge=-2, le=2)] | None = None
    objections: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    text: Annotated[FreeText, Field(min_length=1)] | None = None
    taken_at: Instant | None = None


ReasonName = Annotated[str, Field(min_length=1, max_length=64)]


class WhySent(Sent):
    """A reason of the list (GET /v1/choices), and words of one's own."""

    reason: ReasonName
    text: FreeText | None = None


class PriorityContested(WhySent):
    """`from`: the priority that the person saw; if it is another now, 409."""

    kind: Literal["priority_contested"]
    priority: Priority
    seen: PrioritySeen = None


class PriorityConfirmed(WhySent):
    """`from`: the priority that is confirmed; if it is another now, 409."""

    kind: Literal["priority_confirmed"]
    seen: PrioritySeen = None


class StatusAdjusted(WhySent):
    """`from`: the stage that the person saw; if it is another now, 409."""

    kind: Literal["status_adjusted"]
    stage: StageName
    seen: StageSeen = None


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


class SuspensionSent(WhySent):
    """`until` null: until it is ended."""

    until: Instant | None = None


class TaskClosing(Sent):
    reason: FreeText | None = None


class LeadsAsked(Sent):
    """The query of the list."""

    priority: Priority | None = None
    stage: Annotated[str, Field(max_length=64)] | None = None
    owner: Annotated[str, Field(max_length=200)] | None = None
    with_closed: bool = False
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0
