"""What was exchanged with a lead, as the policy asks it of a key that changes one."""

from datetime import datetime
from math import isclose

from features.event import Event
from governance.leads.state import LeadState
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.pipeline import Pipeline
from governance.policy.policy import PriorityChange, StageMove
from serving.errors import ChangedMeanwhileError, Reserved
from serving.repositories.decisions import Conceded
from serving.repositories.events import stored_events
from serving.runtime.service import Service


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


def refuse_other_stage(lead: LeadState, seen: str | None, pipeline: Pipeline) -> None:
    """`seen` None: the caller doesn't say. Raises ChangedMeanwhileError."""
    if seen is not None and lead.stage != seen:
        raise ChangedMeanwhileError(pipeline.named(lead.stage).title)


def refuse_other_priority(lead: LeadState, seen: str | None) -> None:
    """`seen` None: the caller doesn't say. Raises ChangedMeanwhileError."""
    if seen is not None and lead.priority != seen:
        raise ChangedMeanwhileError(lead.priority or "", Reserved.PRIORITY)


def refuse_other_concessions(conceded: Conceded, seen: float | None) -> None:
    """`seen` None: the caller doesn't say. Raises ChangedMeanwhileError."""
    if seen is not None and not isclose(conceded.percent, seen, abs_tol=1e-6):
        raise ChangedMeanwhileError(f"{conceded.percent:g}", Reserved.CONCESSION)
