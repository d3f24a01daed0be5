"""What the brake leaves to people: a proposal, and the task that calls for it."""

from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from governance.audit import Note
from governance.executor import OpenProposal, ProposeConcession, ProposePriority
from governance.task import ExpectedAction, OpenTask, TaskKind
from governance.workdays import due_date
from serving.errors import Reserved, ReservedForPeopleError
from serving.lead_state import LeadState, WaitingProposal
from serving.plans import Plan
from serving.recording import Recorded
from serving.service import Service

Proposing = OpenProposal | ProposePriority | ProposeConcession


def proposing(
    service: Service, lead: LeadState, proposal: Proposing, refused: Note, now: datetime
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
        notes=((lead.lead_id, replace(refused, leads_to=frozenset({proposal.id}))),),
        effects=((lead.lead_id, proposal), (lead.lead_id, task)),
    )


def left_to_people(
    recorded: Recorded, what: Reserved, name: str, waiting: WaitingProposal | None
) -> ReservedForPeopleError:
    """The refusal: it names the new proposal, or the one that was waiting."""
    for _, effect in recorded.plan.effects:
        if isinstance(effect, OpenTask):
            return ReservedForPeopleError(name, effect.proposal_id, effect.id, what)
    if waiting is None:  # it may not even be proposed: a person has just decided
        return ReservedForPeopleError(name, what=what)
    return ReservedForPeopleError(name, waiting.id, waiting.task_id, what)
