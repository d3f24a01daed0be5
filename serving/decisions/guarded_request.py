"""Changes that the brake rules on: made, or left to people as a proposal."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, TypeVar
from uuid import uuid4

from pydantic import JsonValue

from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.errors import ActionNotAutomaticError
from governance.leads.state import LeadState, WaitingProposal
from governance.people.overrides import own_event
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
from governance.policy.pipeline import Pipeline
from governance.policy.policy import Change, Clause, Ruling, Verdict
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from serving.decisions.statement import Statement, with_statement
from serving.errors import (
    AboveLimitError,
    LeadRemovedError,
    LeadUnknownError,
    Reserved,
    ReservedForPeopleError,
)
from serving.repositories.persons import managers_of
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import Recorded, record

log = logging.getLogger(__name__)

ProposedAction = OpenProposal | ProposePriority | ProposeConcession
Made = TypeVar("Made", Decide, Grant, Requalify)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedRequest(ABC):
    """A change of a lead that `by` asks for. `only_if` raises what forbids it."""

    kind: ClassVar[Reserved]
    refusal: ClassVar[Action]
    reserved_by: ClassVar[Clause]  # when a lock holds what the policy let through
    event_kind: ClassVar[str]

    lead_id: str
    reason: str | None
    by: Principal
    only_if: Callable[[LeadState], None] | None = None
    statement: Statement | None = None  # the person's, with it

    @property
    @abstractmethod
    def value(self) -> str | float:
        """The value asked for, as the audit has it."""

    def title(self, _: Pipeline) -> str:
        """The value asked for, as an error names it."""
        return str(self.value)

    @abstractmethod
    def change(self, service: Service, lead: LeadState, now: datetime) -> Change:
        """The change that the policy rules on; raises if nothing would change."""

    @abstractmethod
    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        """The open proposal of the same."""

    @abstractmethod
    def effect(self, pipeline: Pipeline, lead: LeadState) -> Decide | Grant | Requalify:
        """The change, before it is ruled on."""

    @abstractmethod
    def event_data(
        self, pipeline: Pipeline, lead: LeadState
    ) -> Mapping[str, JsonValue]:
        """The data of the event that the log has of the change."""

    def occurred_at(
        self, pipeline: Pipeline, lead: LeadState, now: datetime
    ) -> datetime:
        return now

    @abstractmethod
    def proposal(self, lead: LeadState, clause: Clause) -> ProposedAction:
        """The proposal to people, in place of the change."""

    def before(self, lead: LeadState) -> Mapping[str, str | None] | None:
        """The state that would change, as the audit has it."""
        return None


def change_lead(
    service: Service, lead_id: str, plan: Callable[[LeadState], Plan], now: datetime
) -> Recorded:
    """Change one lead as planned; raises LeadUnknownError."""

    def plan_seen(seen: Seen) -> Plan:
        if lead_id not in seen.leads:
            raise LeadUnknownError(lead_id)
        return plan(seen.leads[lead_id])

    return record(service, Wish(lead_ids=frozenset({lead_id}), plan=plan_seen), now)


def carry_out(
    service: Service, request: GuardedRequest, effect: type[Made], now: datetime
) -> tuple[Made, Recorded]:
    """Make a change, or leave a proposal and raise ReservedForPeopleError.

    Asking twice leaves one proposal. If the policy lets a reserved change through, a
    later lock stops it, and it becomes a proposal all the same. What may not even be
    proposed leaves its trace in the audit.

    Raises LeadUnknownError, and what `change` and `only_if` raise.
    """

    def attempt(held_by: str | None = None) -> Recorded:
        """`held_by`: the lock that the policy's ruling came to, had it gone wrong."""

        def plan(lead: LeadState) -> Plan:
            return _plan(service, request, lead, now, held_by)

        return change_lead(service, request.lead_id, plan, now)

    try:
        recorded = attempt()
    except (ActionNotAutomaticError, ReservedForPeopleError) as error:
        log.critical("lock_held", extra={"lock": error.code})
        recorded = attempt(held_by=error.code)
    for planned in recorded.plan.effects:
        if isinstance(planned.effect, effect):
            return planned.effect, recorded
    raise _left_to_people(service.pipeline, request, recorded)


def _plan(
    service: Service,
    request: GuardedRequest,
    lead: LeadState,
    now: datetime,
    held_by: str | None,
) -> Plan:
    if lead.removal is not None and not request.by.is_person:
        raise LeadRemovedError(lead.removal, lead.survivor)
    if request.only_if is not None:
        request.only_if(lead)
    change = request.change(service, lead, now)
    if held_by:
        ruling = Ruling(Verdict.PROPOSE, request.reserved_by)
    else:
        ruling = service.brake.judge(request.by, change, service.pipeline)
    if ruling.verdict is Verdict.APPLY:
        return _applied(service.pipeline, lead, request, ruling.clause, now)
    refused = AuditEntry(
        action=request.refusal,
        by=request.by,
        subject=Subject(SubjectKind.LEAD, lead.id),
        lead=lead.id,
        before=request.before(lead),
        why={
            "asked": request.value,
            "clause": ruling.clause.value,
            "held_by": held_by,
        },
    )
    if ruling.verdict is Verdict.REFUSE or request.waiting(lead):
        return Plan(entries=((lead.lead_id, refused),))  # or a person is asked already
    proposal = request.proposal(lead, ruling.clause)
    owner = service.automation.assignees.owner_of(lead.owner)
    if request.by.is_person:  # above their limit
        owner = _manager_of(service, request.by)
    return _proposed(service, lead.lead_id, owner, proposal, refused, now)


def _manager_of(service: Service, person: Principal) -> str:
    """Who is asked for what a person may not decide."""
    with service.store.reading() as session:
        managers = managers_of(session, [person.name])
    fallback = service.automation.assignees.manager_or_fallback
    return managers.get(person.name, fallback)


def _applied(
    pipeline: Pipeline,
    lead: LeadState,
    request: GuardedRequest,
    clause: Clause,
    now: datetime,
) -> Plan:
    """The change with its event, and the end of the proposal that waited for it."""
    waiting, signs = request.waiting(lead), request.by.signs
    proposal_id = waiting.id if waiting and signs else None
    effect = request.effect(pipeline, lead)
    effect = replace(effect, clause=clause, proposal_id=proposal_id)
    kind, data = request.event_kind, request.event_data(pipeline, lead)
    event = own_event(effect.id, lead.lead_id, kind, request.by, data, now)
    event = replace(event, occurred_at=request.occurred_at(pipeline, lead, now))
    said = request.statement
    follows = proposal_id or (said.id if said else None)
    planned = PlannedEffect(lead.lead_id, effect, follows)
    plan = Plan(arrivals=(event,), effects=(planned,))
    if said is not None:
        plan = with_statement(plan, lead, said, now)
    if waiting is None:
        return plan
    status = ProposalStatus.CONFIRMED if signs else ProposalStatus.EXPIRED
    ending = CloseProposal(
        proposal_id=waiting.id, status=status, by=request.by, reason=request.reason
    )
    follows = effect.id if proposal_id else waiting.id
    return plan.with_effects([PlannedEffect(lead.lead_id, ending, follows)])


def _proposed(
    service: Service,
    lead_id: str,
    owner: str,
    proposal: ProposedAction,
    refused: AuditEntry,
    now: datetime,
) -> Plan:
    """The proposal of what is refused, and the task of the `owner` who is to decide."""
    task = OpenTask(
        id=uuid4(),
        kind=TaskKind.DECISION_RESERVED,
        owner=owner,
        expected=ExpectedAction.ARBITRATE,
        due_on=due_date(now, service.settings.decision_working_days),
        proposal_id=proposal.id,
    )
    return Plan(
        entries=((lead_id, refused),),
        effects=(
            PlannedEffect(lead_id, proposal, follows=refused.id),
            PlannedEffect(lead_id, task, follows=proposal.id),
        ),
    )


def _left_to_people(
    pipeline: Pipeline, request: GuardedRequest, recorded: Recorded
) -> ReservedForPeopleError:
    """The refusal: it names the new proposal, or the one that was waiting."""
    title, kind = request.title(pipeline), request.kind
    refusal = AboveLimitError if request.by.is_person else ReservedForPeopleError
    for planned in recorded.plan.effects:
        if isinstance(task := planned.effect, OpenTask):
            return refusal(title, task.proposal_id, task.id, kind)
    waiting = request.waiting(recorded.seen.leads[request.lead_id])
    if waiting is None:  # it may not even be proposed: a person has just decided
        return refusal(title, what=kind)
    return refusal(title, waiting.id, waiting.task_id, kind)
