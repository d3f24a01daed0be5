"""The executor: carries out effects, and holds lock 2 at its door."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from governance.audit.chain import SYSTEM
from governance.leads.state import LeadState
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import (
    Concede,
    MoveStage,
    Notify,
    OpenProposal,
    ProposeConcession,
    ProposePriority,
    SetPriority,
)
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.effects import (
    CloseProposal,
    CloseTask,
    Decide,
    Effect,
    EndTask,
    EscalateTask,
    Grant,
    HandOverTask,
    Requalify,
    Resume,
    Suspend,
)
from governance.policy.task import OpenTask
from governance.rules.outcome import AutomaticEffect, Outcome
from serving.repositories.decisions import (
    add_concession,
    add_decision,
    add_requalification,
    conceded_by_machines,
)
from serving.repositories.events import stored_events
from serving.repositories.notices import Notice, add_notice
from serving.repositories.proposals import add_proposal, end_proposal
from serving.repositories.suspensions import add_suspension, end_suspensions
from serving.repositories.tasks import add_task, end_tasks_of, write_task
from serving.runtime.service import Service


def perform(
    session: Session, service: Service, lead: LeadState, effect: Effect, now: datetime
) -> list[UUID]:
    """Carry out one effect; returns the tasks that it ends.

    Raises
    ------
    AutomationStoppedError
        No person signs, and the audit was found broken.
    ActionNotAutomaticError
        Lock 2: no person signs, and the action is not one that automation has.
    ReservedForPeopleError
        Lock 3: the database refused the decision.
    """
    match effect:
        case Decide() | Grant() | Requalify():
            _decide(session, service, lead, effect, now)
        case OpenProposal() | ProposePriority() | ProposeConcession():
            add_proposal(session, lead, effect, now)
        case Suspend():
            add_suspension(session, effect, now, lead_uuid=lead.id)
        case Resume():
            end_suspensions(session, effect.signer, now, lead_uuid=lead.id)
        case OpenTask() | CloseTask() | EndTask() | EscalateTask() | HandOverTask():
            write_task(session, lead.id, effect, now)
        case CloseProposal():
            end_proposal(session, effect, now)
            return end_tasks_of(session, effect.proposal_id, now)
    return []


def _decide(
    session: Session,
    service: Service,
    lead: LeadState,
    made: Decide | Grant | Requalify,
    now: datetime,
) -> None:
    if not made.signer.is_person:
        service.audit_status.refuse_if_broken()
        action = _as_automatic(session, service, lead.id, made, now)
        service.brake.admit(action, service.pipeline)
    match made:
        case Decide():
            add_decision(session, lead.id, made, now)
        case Grant():
            add_concession(session, lead.id, made, now)
        case Requalify():
            add_requalification(session, lead.id, made, now)


def _as_automatic(
    session: Session,
    service: Service,
    lead_uuid: UUID,
    made: Decide | Grant | Requalify,
    now: datetime,
) -> MoveStage | Concede | SetPriority:
    """The action, with what the executor wants to know of it: as it is stored."""

    def is_after_complex_exchange() -> bool:
        return after_complex_exchange(stored_events(session, [lead_uuid]), now)

    match made:
        case Decide(origin=origin, to=to):
            goes_back = service.pipeline.is_backwards(origin, to)
            return MoveStage(to, goes_back and is_after_complex_exchange())
        case Grant(percent=percent):
            return Concede(percent, conceded_by_machines(session, lead_uuid))
        case Requalify(origin=priority, to=band):
            return SetPriority(band, priority, is_after_complex_exchange())


def perform_automatic(
    session: Session, service: Service, lead: LeadState, outcome: Outcome, now: datetime
) -> None:
    """Carry out what automation does; the lead itself is written with its state.

    Raises
    ------
    ActionNotAutomaticError
        Lock 2: the action is not one that automation has.
    ReservedForPeopleError
        Lock 3: the database refused the priority.
    """
    if outcome.effect is None:
        return
    action = outcome.effect.action
    service.brake.admit(action, service.pipeline)
    match action:
        case SetPriority():
            made = _requalifying(action, outcome.effect, outcome.rule_id)
            add_requalification(session, lead.id, made, now)
        case OpenTask():
            add_task(session, lead.id, action, now)
        case OpenProposal() | ProposePriority():
            add_proposal(session, lead, action, now)
        case Notify():
            assert outcome.rule_id is not None
            notice = Notice(
                id=outcome.effect.id,
                rule_id=outcome.rule_id,
                recipient=action.to,
                text=action.text,
                created_at=now,
            )
            add_notice(session, lead.id, notice)


def _requalifying(
    action: SetPriority, effect: AutomaticEffect, rule_id: str | None
) -> Requalify:
    doer = SYSTEM if rule_id is None else Principal(PrincipalKind.AUTOMATION, rule_id)
    return Requalify(
        id=effect.id,
        origin=action.origin,
        to=action.to,
        signer=doer,
        proposal_id=None,
        clause=effect.ruling.clause,
    )
