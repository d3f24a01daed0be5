"""The brake on a call: a change is asked for, ruled on, then made or left to people."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar
from uuid import UUID, uuid4

from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.errors import ActionNotAutomaticError
from governance.leads.state import LeadState, WaitingProposal
from governance.people.principal import Principal
from governance.policy.actions import OpenProposal, ProposeConcession, ProposePriority
from governance.policy.business_days import due_date
from governance.policy.effects import (
    CloseProposal,
    Decide,
    Grant,
    PlannedEffect,
    ProposalStatus,
    Requalify,
)
from governance.policy.policy import Change, Clause, Ruling, Verdict
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from serving.errors import LeadUnknownError, Reserved, ReservedForPeopleError
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import Recorded, record

log = logging.getLogger(__name__)

Proposing = OpenProposal | ProposePriority | ProposeConcession
Made = TypeVar("Made", Decide, Grant, Requalify)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which id, which clause, by which proposal and when a change is made."""

    id: UUID
    clause: Clause
    proposal_id: UUID | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(ABC):
    """A change that `by` asks for. `only_if` raises what forbids it."""

    what: ClassVar[Reserved]
    refused: ClassVar[Action]
    reserved_by: ClassVar[Clause]  # when a lock holds what the policy let through

    lead_id: str
    reason: str | None
    by: Principal
    only_if: Callable[[Seen], None] | None = None

    @property
    @abstractmethod
    def value(self) -> str | float:
        """What is asked for, as the audit has it."""

    @abstractmethod
    def name(self, service: Service) -> str:
        """What is asked for, as the caller is told."""

    @abstractmethod
    def change(self, service: Service, lead: LeadState, now: datetime) -> Change:
        """What the policy rules on; raises if nothing would change."""

    @abstractmethod
    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        """The open proposal of the same."""

    @abstractmethod
    def making(self, service: Service, lead: LeadState, terms: Terms) -> Plan:
        """The change made, and the log told of it."""

    @abstractmethod
    def proposal(self, lead: LeadState, clause: Clause) -> Proposing:
        """The change proposed."""

    def before(self, lead: LeadState) -> Mapping[str, str | None] | None:
        """What would change, as the audit has it."""
        return None


def ask(
    service: Service, asked: Asked, kind: type[Made], now: datetime
) -> tuple[Made, Recorded]:
    """Make a change, or leave a proposal and raise ReservedForPeopleError.

    Asking twice leaves one proposal. If the policy lets a reserved change through, a
    later lock stops it, and it becomes a proposal all the same. What may not even be
    proposed leaves its trace in the audit.

    Raises
    ------
    LeadUnknownError, and what `change` and `only_if` raise
    """
    try:
        recorded = _recorded(service, asked, now)
    except (ActionNotAutomaticError, ReservedForPeopleError) as error:
        log.critical("lock_held", extra={"lock": error.code})
        recorded = _recorded(service, asked, now, held_by=error.code)
    for planned in recorded.plan.effects:
        if isinstance(planned.effect, kind):
            return planned.effect, recorded
    raise _left_to_people(service, asked, recorded)


def _recorded(
    service: Service, asked: Asked, now: datetime, held_by: str | None = None
) -> Recorded:
    """`held_by`: the lock that the policy's ruling came to, had it gone wrong."""
    wish = Wish(
        lead_ids=frozenset({asked.lead_id}),
        plan=lambda seen: _plan(service, asked, seen, now, held_by),
    )
    return record(service, wish, now)


def _plan(
    service: Service, asked: Asked, seen: Seen, now: datetime, held_by: str | None
) -> Plan:
    lead = seen.leads.get(asked.lead_id)
    if lead is None:
        raise LeadUnknownError(asked.lead_id)
    if asked.only_if is not None:
        asked.only_if(seen)
    change = asked.change(service, lead, now)
    if held_by:
        ruling = Ruling(Verdict.PROPOSE, asked.reserved_by)
    else:
        ruling = service.brake.judge(asked.by, change, service.pipeline)
    if ruling.verdict is Verdict.APPLY:
        return _making(service, lead, asked, ruling.clause, now)
    refused = AuditEntry(
        action=asked.refused,
        by=asked.by,
        subject=Subject(SubjectKind.LEAD, lead.id),
        lead=lead.id,
        before=asked.before(lead),
        why={
            "asked": asked.value,
            "clause": ruling.clause.value,
            "held_by": held_by,
        },
    )
    if ruling.verdict is Verdict.REFUSE or asked.waiting(lead):
        return Plan(entries=((lead.lead_id, refused),))  # or a person is asked already
    return _proposing(service, lead, asked.proposal(lead, ruling.clause), refused, now)


def _making(
    service: Service, lead: LeadState, asked: Asked, clause: Clause, now: datetime
) -> Plan:
    """The change, and the end of the proposal that waited for it."""
    waiting, is_person = asked.waiting(lead), asked.by.is_person
    terms = Terms(
        id=uuid4(),
        clause=clause,
        proposal_id=waiting.id if waiting and is_person else None,
        now=now,
    )
    plan = asked.making(service, lead, terms)
    if waiting is None:
        return plan
    made = ProposalStatus.CONFIRMED if is_person else ProposalStatus.DECIDED_IN_CRM
    ending = CloseProposal(
        proposal_id=waiting.id, status=made, by=asked.by, reason=asked.reason
    )
    follows = terms.id if terms.proposal_id else waiting.id
    return plan.with_effects([PlannedEffect(lead.lead_id, ending, follows)])


def _proposing(
    service: Service,
    lead: LeadState,
    proposal: Proposing,
    refused: AuditEntry,
    now: datetime,
) -> Plan:
    """What is refused to a machine, and proposed to the lead's owner."""
    task = OpenTask(
        id=uuid4(),
        kind=TaskKind.DECISION_RESERVED,
        owner=service.setting.desk.owner_of(lead.owner),
        expected=ExpectedAction.ARBITRATE,
        due_on=due_date(now, service.settings.decision_working_days),
        proposal_id=proposal.id,
    )
    return Plan(
        entries=((lead.lead_id, refused),),
        effects=(
            PlannedEffect(lead.lead_id, proposal, follows=refused.id),
            PlannedEffect(lead.lead_id, task, follows=proposal.id),
        ),
    )


def _left_to_people(
    service: Service, asked: Asked, recorded: Recorded
) -> ReservedForPeopleError:
    """The refusal: it names the new proposal, or the one that was waiting."""
    name = asked.name(service)
    for planned in recorded.plan.effects:
        if isinstance(task := planned.effect, OpenTask):
            return ReservedForPeopleError(name, task.proposal_id, task.id, asked.what)
    waiting = asked.waiting(recorded.seen.leads[asked.lead_id])
    if waiting is None:  # it may not even be proposed: a person has just decided
        return ReservedForPeopleError(name, what=asked.what)
    return ReservedForPeopleError(name, waiting.id, waiting.task_id, asked.what)
