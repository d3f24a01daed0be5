"""The executor: carries out effects, and holds lock 2 at its door."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from governance.decision import CloseProposal, Decide, Effect
from governance.executor import MoveStage, OpenProposal
from governance.task import OpenTask
from serving.decisions import add_decision
from serving.proposals import add_proposal, end_proposal
from serving.service import Service
from serving.tasks import add_task, end_tasks_of


def perform(
    session: Session, service: Service, lead_uuid: UUID, effect: Effect, now: datetime
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
        case Decide():
            if not effect.signer.is_person:
                service.trail.refuse_if_broken()
                service.brake.admit(MoveStage(effect.to), service.pipeline)
            add_decision(session, lead_uuid, effect, now)
        case OpenProposal():
            add_proposal(session, lead_uuid, effect, now)
        case OpenTask():
            add_task(session, lead_uuid, effect, now)
        case CloseProposal():
            end_proposal(session, effect, now)
            return end_tasks_of(session, effect.proposal_id, now)
    return []
