"""Stage moves: asked for, ruled on, then made or proposed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from features.event import Event
from governance.audit.chain import Action
from governance.leads.state import LeadState, WaitingProposal
from governance.people.overrides import own_event
from governance.policy.actions import OpenProposal
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.effects import Decide, PlannedEffect
from governance.policy.pipeline import Pipeline
from governance.policy.policy import Clause, StageMove
from serving.decisions.guarded_request import GuardedRequest, RulingTerms, carry_out
from serving.decisions.statement import Statement, with_statement
from serving.errors import ChangedMeanwhileError, Reserved
from serving.repositories.events import stored_events
from serving.runtime.service import Service
from serving.transaction.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRequest(GuardedRequest):
    """`seen`: the stage that the caller saw. `statement`: the person's, with it."""

    kind = Reserved.STAGE
    refusal = Action.MOVE_REFUSED
    reserved_by = Clause.STAGE_RESERVED

    to: str
    seen: str | None = None
    statement: Statement | None = None

    @property
    def value(self) -> str:
        return self.to

    def title(self, pipeline: Pipeline) -> str:
        return pipeline.named(self.to).title

    def change(self, service: Service, lead: LeadState, now: datetime) -> StageMove:
        if lead.stage != self.to:  # else the policy says that it's there already
            refuse_other_stage(lead, self.seen, service.pipeline)
        log: list[Event] = []
        if service.pipeline.is_backwards(lead.stage, self.to):
            with service.store.reading() as session:
                log = stored_events(session, [lead.id])
        return StageMove(
            origin=lead.stage,
            to=self.to,
            after_complex_exchange=after_complex_exchange(log, now),
        )

    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        return lead.proposal_to(self.to)

    def plan(self, pipeline: Pipeline, lead: LeadState, terms: RulingTerms) -> Plan:
        decision = Decide(
            id=terms.id,
            origin=lead.stage,
            to=self.to,
            reserved=pipeline.named(self.to).reserved,
            clause=terms.clause,
            signer=self.by,
            proposal_id=terms.proposal_id,
            reason=self.reason,
        )
        event = own_event(
            decision.id,
            lead.lead_id,
            "stage_changed",
            self.by,
            {"from": decision.origin, "to": decision.to},
            terms.now,
        )
        # It comes after what was observed so far.
        just_after = (lead.stage_at or terms.now) + timedelta(microseconds=1)
        at = just_after if self._rectifies(pipeline) else max(terms.now, just_after)
        event = replace(event, occurred_at=at)
        said = self.statement
        follows = terms.proposal_id or (said.id if said else None)
        planned = PlannedEffect(lead.lead_id, decision, follows)
        plan = Plan(arrivals=(event,), effects=(planned,))
        return with_statement(plan, lead, said, terms.now) if said else plan

    def _rectifies(self, pipeline: Pipeline) -> bool:
        """Was the lead at this stage all the time? Then it doesn't come to it now, and
        no model reads that it does. When a lead ended, nobody knows but who says it."""
        return self.statement is not None and not pipeline.named(self.to).closes

    def proposal(self, lead: LeadState, clause: Clause) -> OpenProposal:
        return OpenProposal(
            id=uuid4(),
            origin=lead.stage,
            to=self.to,
            clause=clause,
            reason=self.reason,
            asked_by=self.by,
        )

    def before(self, lead: LeadState) -> dict[str, str | None]:
        return {"stage": lead.stage}


def refuse_other_stage(lead: LeadState, seen: str | None, pipeline: Pipeline) -> None:
    """`seen` None: the caller doesn't say. Raises ChangedMeanwhileError."""
    if seen is not None and lead.stage != seen:
        raise ChangedMeanwhileError(pipeline.named(lead.stage).title)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade:
    """A decision that was made of a lead: from a stage or priority to another."""

    decision_id: UUID
    origin: str
    to: str
    clause: Clause


def move_stage(service: Service, request: MoveRequest, now: datetime) -> DecisionMade:
    """Make a move, or leave a proposal; raises as `carry_out` does."""
    decision, _ = carry_out(service, request, Decide, now)
    return DecisionMade(
        decision_id=decision.id,
        origin=decision.origin,
        to=decision.to,
        clause=decision.clause,
    )
