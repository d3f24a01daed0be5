"""Requalifications: another priority is asked for, ruled on, then given or proposed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from pydantic import JsonValue

from explanations.score import Priority
from features.free_text import is_blank
from governance.audit.chain import Action
from governance.leads.state import LeadState, WaitingProposal
from governance.policy.actions import ProposePriority
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.effects import Requalify
from governance.policy.pipeline import Pipeline
from governance.policy.policy import Clause, PriorityChange
from governance.rules.history import PRIORITY_KIND
from serving.audit.trace import StatedReason
from serving.decisions.guarded_request import GuardedRequest, carry_out
from serving.decisions.override import (
    PriorityOverride,
    override_priority,
    refuse_other_priority,
)
from serving.errors import PriorityHeldError, RequestInvalidError, Reserved
from serving.repositories.events import stored_events
from serving.runtime.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityRequest(GuardedRequest):
    """`seen`: the priority that the caller saw."""

    kind = Reserved.PRIORITY
    refusal = Action.REQUALIFICATION_REFUSED
    reserved_by = Clause.REQUALIFICATION_RESERVED
    event_kind = PRIORITY_KIND

    priority: Priority
    seen: Priority | None = None

    @property
    def value(self) -> str:
        return self.priority.value

    def change(
        self, service: Service, lead: LeadState, now: datetime
    ) -> PriorityChange:
        if lead.priority is self.priority:
            raise PriorityHeldError(self.priority.value)
        refuse_other_priority(lead, self.seen)
        with service.store.reading() as session:
            log = stored_events(session, [lead.id])
        return PriorityChange(
            after_complex_exchange=after_complex_exchange(log, now),
            standing=service.judgement.standing(log),
        )

    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        return lead.priority_of(self.priority)

    def effect(self, pipeline: Pipeline, lead: LeadState) -> Requalify:
        return Requalify(
            id=uuid4(),
            origin=lead.priority,
            to=self.priority,
            signer=self.by,
            proposal_id=None,
        )

    def event_data(self, pipeline: Pipeline, lead: LeadState) -> dict[str, JsonValue]:
        return {"to": self.priority.value}

    def proposal(self, lead: LeadState, clause: Clause) -> ProposePriority:
        return ProposePriority(
            id=uuid4(),
            origin=lead.priority,
            to=self.priority,
            clause=clause,
            asked_by=self.by,
        )

    def before(self, lead: LeadState) -> dict[str, str | None]:
        return {"priority": lead.priority and lead.priority.value}


def requalify(
    service: Service, request: PriorityRequest, now: datetime
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
        else `carry_out` raises.
    """
    if not request.by.is_person:
        decision, _ = carry_out(service, request, Requalify, now)
        return decision.id, decision.clause
    if is_blank(request.reason):
        raise RequestInvalidError("reason", "missing")
    override = PriorityOverride(
        lead_id=request.lead_id,
        by=request.by,
        why=StatedReason(reason=None, text=request.reason),
        priority=request.priority,
        seen=request.seen,
    )
    return override_priority(service, override, now), Clause.PERSON_DECIDES
