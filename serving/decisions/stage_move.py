"""Stage moves: asked for, ruled on, then made or proposed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from explanations.score import Score
from governance.audit.chain import Action
from governance.leads.state import LeadState, WaitingProposal
from governance.people.overrides import own_event
from governance.policy.actions import OpenProposal
from governance.policy.effects import Decide, PlannedEffect
from governance.policy.policy import Clause, StageMove
from serving.decisions.change_request import Asked, Terms, ask
from serving.decisions.preconditions import move_of, refuse_other_stage
from serving.decisions.statement import Word, saying
from serving.errors import Reserved
from serving.runtime.service import Service
from serving.transaction.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAsked(Asked):
    """`seen`: the stage that the caller saw. `word`: what the person says of it."""

    what = Reserved.STAGE
    refused = Action.MOVE_REFUSED
    reserved_by = Clause.STAGE_RESERVED

    to: str
    seen: str | None = None
    word: Word | None = None

    @property
    def value(self) -> str:
        return self.to

    def name(self, service: Service) -> str:
        return service.pipeline.named(self.to).title

    def change(self, service: Service, lead: LeadState, now: datetime) -> StageMove:
        if lead.stage != self.to:  # else the policy says that it's there already
            refuse_other_stage(lead, self.seen, service.pipeline)
        return move_of(service, lead, self.to, now)

    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        return lead.proposal_to(self.to)

    def making(self, service: Service, lead: LeadState, terms: Terms) -> Plan:
        decision = Decide(
            id=terms.id,
            origin=lead.stage,
            to=self.to,
            reserved=service.pipeline.named(self.to).reserved,
            clause=terms.clause,
            signer=self.by,
            proposal_id=terms.proposal_id,
            reason=self.reason,
        )
        told = own_event(
            decision.id,
            lead.lead_id,
            "stage_changed",
            self.by,
            {"from": decision.origin, "to": decision.to},
            terms.now,
        )
        # It comes after what was observed so far.
        just_after = (lead.stage_at or terms.now) + timedelta(microseconds=1)
        at = just_after if self._rectifies(service) else max(terms.now, just_after)
        told = replace(told, occurred_at=at)
        said = None if self.word is None else self.word.id
        follows = terms.proposal_id or said
        planned = PlannedEffect(lead.lead_id, decision, follows)
        plan = Plan(arrivals=(told,), effects=(planned,))
        return plan if self.word is None else saying(plan, lead, self.word, terms.now)

    def _rectifies(self, service: Service) -> bool:
        """Was the lead at this stage all the time? Then it doesn't come to it now, and
        no model reads that it does. When a lead ended, nobody knows but who says it."""
        return self.word is not None and not service.pipeline.named(self.to).closes

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveMade:
    decision_id: UUID
    origin: str
    to: str
    clause: Clause
    score: Score | None


def move_stage(service: Service, asked: MoveAsked, now: datetime) -> MoveMade:
    """Make a move, or leave a proposal; raises as `ask` does."""
    decision, recorded = ask(service, asked, Decide, now)
    return MoveMade(
        decision_id=decision.id,
        origin=decision.origin,
        to=decision.to,
        clause=decision.clause,
        score=recorded.scores.get(asked.lead_id),
    )
