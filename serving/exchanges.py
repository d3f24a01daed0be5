"""What was exchanged with a lead, as the policy asks it of a key that changes one."""

from datetime import datetime

from features.event import Event
from governance.exchange import after_complex_exchange
from governance.policy import PriorityChange, StageMove
from serving.events import stored_events
from serving.lead_state import LeadState
from serving.service import Service


def move_of(service: Service, lead: LeadState, to: str, now: datetime) -> StageMove:
    """The move to a stage. Only a step back asks what was exchanged."""
    steps_back = service.pipeline.is_backwards(lead.stage, to)
    return StageMove(
        origin=lead.stage,
        to=to,
        after_complex_exchange=steps_back
        and after_complex_exchange(_log_of(service, lead), now),
    )


def priority_change_of(
    service: Service, lead: LeadState, now: datetime
) -> PriorityChange:
    """The change of a lead's priority band."""
    log = _log_of(service, lead)
    return PriorityChange(
        after_complex_exchange=after_complex_exchange(log, now),
        standing=service.judgement.standing(log),
    )


def _log_of(service: Service, lead: LeadState) -> list[Event]:
    with service.store.reading() as session:
        return stored_events(session, [lead.id])
