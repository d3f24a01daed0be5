"""Another priority, asked for by whoever calls: ruled on, then given or proposed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from explanations.score import Priority
from features.event import Event
from governance.audit import Action, Note, Subject, SubjectKind
from governance.decision import Requalify
from governance.executor import ProposePriority
from governance.history import PRIORITY_KIND
from governance.override import OWN_SOURCE
from governance.policy import Clause, Ruling, Verdict
from governance.principal import Principal
from serving.errors import LeadUnknownError, PriorityHeldError, Reserved
from serving.exchanges import priority_change_of
from serving.lead_state import LeadState
from serving.overriding import Override, judge_priority_of
from serving.plans import Plan, Seen, Wish
from serving.recording import record
from serving.reserved import left_to_people, proposing
from serving.saying import Why
from serving.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityAsked:
    lead_id: str
    to: Priority
    reason: str | None
    by: Principal


def ask_priority(
    service: Service, asked: PriorityAsked, now: datetime
) -> tuple[UUID, Clause]:
    """Give a priority: returns the decision's id and its clause.

    A person's is an override. A machine's after a complex exchange, or against what a
    person said, is left to people.

    Raises
    ------
    LeadUnknownError, PriorityHeldError
    ReservedForPeopleError
        It names the proposal that waits, if the policy lets it be proposed.
    """
    if asked.by.is_person:
        why = Why(reason=None, text=asked.reason)
        override = Override(
            lead_id=asked.lead_id, by=asked.by, why=why, priority=asked.to
        )
        return judge_priority_of(service, override, now), Clause.PERSON_DECIDES
    wish = Wish(
        lead_ids=frozenset({asked.lead_id}),
        plan=lambda seen: _plan(service, asked, seen, now),
    )
    recorded = record(service, wish, now)
    for _, effect in recorded.plan.effects:
        if isinstance(effect, Requalify):
            return effect.id, effect.clause
    waiting = recorded.seen.leads[asked.lead_id].priority_of(asked.to)
    raise left_to_people(recorded, Reserved.PRIORITY, asked.to.value, waiting)


def _plan(service: Service, asked: PriorityAsked, seen: Seen, now: datetime) -> Plan:
    lead = seen.leads.get(asked.lead_id)
    if lead is None:
        raise LeadUnknownError(asked.lead_id)
    if lead.priority is asked.to:
        raise PriorityHeldError(asked.to.value)
    change = priority_change_of(service, lead, now)
    ruling = service.brake.judge(asked.by, change, service.pipeline)
    if ruling.verdict is Verdict.APPLY:
        return _giving(lead, asked, ruling.clause, now)
    refused = _refusal(lead, asked, ruling)
    if ruling.verdict is Verdict.REFUSE or lead.priority_of(asked.to):
        return Plan(notes=((lead.lead_id, refused),))
    proposal = ProposePriority(
        id=uuid4(),
        origin=lead.priority,
        to=asked.to,
        clause=ruling.clause,
        asked_by=asked.by,
    )
    return proposing(service, lead, proposal, refused, now)


def _giving(
    lead: LeadState, asked: PriorityAsked, clause: Clause, now: datetime
) -> Plan:
    made = Requalify(
        id=uuid4(),
        origin=lead.priority,
        to=asked.to,
        signer=asked.by,
        proposal_id=None,
        clause=clause,
    )
    told = Event(
        event_id=str(made.id),
        source=OWN_SOURCE,
        lead_id=lead.lead_id,
        kind=PRIORITY_KIND,
        occurred_at=now,
        received_at=now,
        actor=asked.by.actor,
        data={"to": asked.to.value},
    )
    return Plan(arrivals=(told,), effects=((lead.lead_id, made),))


def _refusal(lead: LeadState, asked: PriorityAsked, ruling: Ruling) -> Note:
    return Note(
        action=Action.REQUALIFICATION_REFUSED,
        by=asked.by,
        subject=Subject(SubjectKind.LEAD, lead.id),
        before={"priority": lead.priority and lead.priority.value},
        why={"asked": asked.to.value, "clause": ruling.clause.value},
    )
