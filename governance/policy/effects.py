"""What is really done to a lead, and what becomes of a proposal."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from uuid import UUID

from explanations.score import Priority
from features.event import Actor, Event
from governance.people.assurance import Assurance, Vouched
from governance.people.principal import Principal
from governance.policy.actions import OpenProposal, ProposeConcession, ProposePriority
from governance.policy.policy import Clause
from governance.policy.removal import Removal
from governance.policy.task import OpenTask, TaskKind

PROPOSAL_LASTS = timedelta(days=14)  # a house choice: two weeks to decide


def _salt() -> str:
    """That of a reason's digest in the audit."""
    return token_hex(16)


class ProposalStatus(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    DECIDED_IN_CRM = "decided_in_crm"  # there by a person, as a key vouches
    EXPIRED = "expired"  # nobody decided in time, or while it was still to be decided


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveMove:
    """The lead was moved elsewhere, by `actor`; `by` told so.

    `assurance` None: nobody asked, of a history. With the same `origin` and `to`, a key
    now vouches for who did it. `contradicts`: a person signed `origin`, or a key has
    vouched for it, and it stands. `vouched_stage`: the last that a key vouched for.
    """

    id: UUID
    origin: str
    to: str
    actor: Actor
    by: Principal
    assurance: Assurance | None = None
    vouched: Vouched | None = None
    contradicts: bool = False
    vouched_stage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveAgreement:
    """Another system says no more, as it did, that the lead is at `origin`, against
    what a person said; `by` told so."""

    origin: str
    by: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveRemoval:
    """The lead was removed elsewhere, or restored (`to` None); `by` told so. `into`:
    the lead into which it was merged. The rest as of a move."""

    id: UUID
    origin: Removal | None
    to: Removal | None
    actor: Actor
    by: Principal
    assurance: Assurance | None = None
    vouched: Vouched | None = None
    into: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveMerger:
    """Another lead became part of this one; `by` told so."""

    merged: UUID
    by: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveNoOwner:
    """The lead is nobody's any more; `by` told so."""

    origin: str
    by: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A change that is made: who signs it, under which clause, by which proposal.

    With a `salt` a reason has a digest that the audit keeps.
    """

    id: UUID
    signer: Principal
    proposal_id: UUID | None
    clause: Clause = Clause.PERSON_DECIDES


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(Signed):
    """A stage move. `lost_reason`: of the company's list, if it says that the lead is
    lost."""

    origin: str
    to: str
    reserved: bool
    reason: str | None
    lost_reason: str | None = None
    salt: str = field(default_factory=_salt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requalify(Signed):
    """A priority that is given."""

    origin: Priority | None
    to: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Signed):
    """A price concession of so many percent."""

    percent: float
    reserved: bool
    reason: str | None
    salt: str = field(default_factory=_salt)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """An administrator goes past people, and says why; `by` signs from then on."""

    id: UUID
    login: str
    by: Principal
    reason: str
    salt: str = field(default_factory=_salt)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseProposal:
    """A proposal ends, and its tasks with it."""

    proposal_id: UUID
    status: ProposalStatus
    by: Principal
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    """Automation stops, until a date or until it is ended. `words` where no event
    holds them."""

    id: UUID
    until: datetime | None
    reason: str
    signer: Principal
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Automation goes on."""

    signer: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTask:
    """A person has done what was expected, or says why not."""

    task_id: UUID
    by: Principal
    reason: str | None


@dataclass(frozen=True, slots=True)
class EndTask:
    """The lead came to its end, or a person's word settles what the task asked: nobody
    need do it any more."""

    task_id: UUID
    kind: TaskKind


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateTask:
    """A task is overdue: from its owner it goes to the manager, once."""

    task_id: UUID
    origin: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverTask:
    """The lead went to somebody else, and an open task of its former owner with it."""

    task_id: UUID
    origin: str
    to: str


Effect = (
    ObserveMove
    | ObserveAgreement
    | ObserveNoOwner
    | ObserveRemoval
    | ObserveMerger
    | Decide
    | Requalify
    | Grant
    | BreakGlass
    | OpenProposal
    | ProposePriority
    | ProposeConcession
    | CloseProposal
    | OpenTask
    | CloseTask
    | EndTask
    | EscalateTask
    | HandOverTask
    | Suspend
    | Resume
)


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """An effect on a lead, with its cause: `follows` is the audit's entry or the event
    that it follows from; None: it begins by itself."""

    lead_id: str
    effect: Effect
    follows: UUID | Event | None
