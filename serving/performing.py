"""The executor: carries out effects, and holds lock 2 at its door."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from governance.decision import (
    CloseProposal,
    CloseTask,
    Decide,
    Effect,
    EscalateTask,
    Grant,
    Requalify,
    Resume,
    Suspend,
)
from governance.executor import (
    Concede,
    MoveStage,
    Notify,
    OpenProposal,
    ProposeConcession,
    ProposePriority,
    SetPriority,
)
from governance.outcome import Outcome
from governance.task import OpenTask
from serving.decisions import add_concession, add_decision
from serving.lead_state import LeadState
from serving.notices import Notice, add_notice
from serving.proposals import add_proposal, end_proposal
from serving.service import Service
from serving.suspensions import add_suspension, end_suspensions
from serving.tasks import add_task, end_tasks_of, write_task


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
        case OpenTask() | CloseTask() | EscalateTask():
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
        service.trail.refuse_if_broken()
        service.brake.admit(_as_automatic(made), service.pipeline)
    match made:
        case Decide():
            add_decision(session, lead.id, made, now)
        case Grant():
            add_concession(session, lead.id, made, now)
        case Requalify():
            pass  # the lead is written


def _as_automatic(
    made: Decide | Grant | Requalify,
) -> MoveStage | Concede | SetPriority:
    match made:
        case Decide():
            return MoveStage(made.to)
        case Grant():
            return Concede(made.percent)
        case Requalify():
            return SetPriority(made.to)


def perform_automatic(
    session: Session, service: Service, lead: LeadState, outcome: Outcome, now: datetime
) -> None:
    """Carry out what automation does; the lead itself is written with its state.

    Raises
    ------
    ActionNotAutomaticError
        Lock 2: the action is not one that automation has.
    """
    if outcome.effect is None:
        return
    action = outcome.effect.action
    service.brake.admit(action, service.pipeline)
    match action:
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
