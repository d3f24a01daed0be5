"""Objection to being profiled (article 21), as somebody of the company notes it;
another system tells it by an event."""

from datetime import datetime
from uuid import UUID, uuid4

from features.log import events_of_lead
from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.leads.state import LeadState
from governance.people.overrides import own_event
from governance.people.principal import Principal
from serving.errors import LeadUnknownError
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import record


def note_objection(
    service: Service, lead_id: str, by: Principal, now: datetime, *, objects: bool
) -> UUID:
    """Note that the person objects to being profiled, or does no more; returns the
    event's id.

    No score is made from then on, and no automation acts; tasks that it opened end.

    One that the history log alone has begins with it. Raises LeadUnknownError, and
    LeadForgottenError of one that was in the history log.
    """
    action = Action.PROFILING_OBJECTED if objects else Action.PROFILING_ACCEPTED
    event_id = uuid4()

    def plan(seen: Seen) -> Plan:
        lead = seen.leads.get(lead_id) or _of_history(service, lead_id)
        event = own_event(event_id, lead_id, action.value, by, {}, now)
        entry = AuditEntry(
            id=event_id,
            action=action,
            by=by,
            subject=Subject(SubjectKind.LEAD, lead.id),
            lead=lead.id,
            why={"event": event.event_id},
        )
        return Plan(arrivals=(event,), entries=((lead_id, entry),), begun=(lead,))

    record(service, Wish(lead_ids=frozenset({lead_id}), plan=plan), now)
    return event_id


def _of_history(service: Service, lead_id: str) -> LeadState:
    """A lead that the history log alone has; raises LeadUnknownError."""
    history = service.settings.history_log
    if history is None or events_of_lead(history, lead_id).is_empty():
        raise LeadUnknownError(lead_id)
    return LeadState.unknown(lead_id, service.pipeline)
