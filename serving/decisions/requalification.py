"""Another priority, asked for by whoever calls: ruled on, then given or proposed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from explanations.score import Priority
from governance.audit.chain import Action
from governance.leads.state import LeadState, WaitingProposal
from governance.people.overrides import own_event
from governance.policy.actions import ProposePriority
from governance.policy.effects import PlannedEffect, Requalify
from governance.policy.policy import Clause, PriorityChange
from governance.rules.history import PRIORITY_KIND
from serving.decisions.change_request import Asked, Terms, ask
from serving.decisions.override import Override, judge_priority_of
from serving.decisions.preconditions import priority_change_of, refuse_other_priority
from serving.decisions.statement import Why
from serving.errors import PriorityHeldError, RequestInvalidError, Reserved
from serving.runtime.service import Service
from serving.transaction.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityAsked(Asked):
    what = Reserved.PRIORITY
    refused = Action.REQUALIFICATION_REFUSED
    reserved_by = Clause.REQUALIFICATION_RESERVED

    to: Priority
    seen: Priority | None = None  # the one that the caller saw

    @property
    def value(self) -> str:
        return self.to.value

    def name(self, service: Service) -> str:
        return self.to.value

    def change(
        self, service: Service, lead: LeadState, now: datetime
    ) -> PriorityChange:
        if lead.priority is self.to:
            raise PriorityHeldError(self.to.value)
        refuse_other_priority(lead, self.seen)
        return priority_change_of(service, lead, now)

    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        return lead.priority_of(self.to)

    def making(self, service: Service, lead: LeadState, terms: Terms) -> Plan:
        made = Requalify(
            id=terms.id,
            origin=lead.priority,
            to=self.to,
            signer=self.by,
            proposal_id=terms.proposal_id,
            clause=terms.clause,
        )
        data = {"to": self.to.value}
        told = own_event(made.id, lead.lead_id, PRIORITY_KIND, self.by, data, terms.now)
        planned = PlannedEffect(lead.lead_id, made, follows=terms.proposal_id)
        return Plan(arrivals=(told,), effects=(planned,))

    def proposal(self, lead: LeadState, clause: Clause) -> ProposePriority:
        return ProposePriority(
            id=uuid4(),
            origin=lead.priority,
            to=self.to,
            clause=clause,
            asked_by=self.by,
        )

    def before(self, lead: LeadState) -> dict[str, str | None]:
        return {"priority": lead.priority and lead.priority.value}


def ask_priority(
    service: Service, asked: PriorityAsked, now: datetime
) -> tuple[UUID, Clause]:
    """Give a priority: returns the decision's id and its clause.

    A person's is an override. A machine's after a complex exchange, or against what a
    person said, is left to people.

    Raises
    ------
    PriorityHeldError, ChangedMeanwhileError
        If the lead has it already; if it has another than the caller saw.
    RequestInvalidError
        A person gives no reason.
    ReservedForPeopleError
        It names the proposal that waits, if the policy lets it be proposed; and what
        else `ask` raises.
    """
    if asked.by.is_person:
        if not asked.reason:
            raise RequestInvalidError("reason", "missing")
        why = Why(reason=None, text=asked.reason)
        override = Override(
            lead_id=asked.lead_id,
            by=asked.by,
            why=why,
            priority=asked.to,
            seen=asked.seen,
        )
        return judge_priority_of(service, override, now), Clause.PERSON_DECIDES
    made, _ = ask(service, asked, Requalify, now)
    return made.id, made.clause
