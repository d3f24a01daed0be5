"""Stage moves: asked for, ruled on, then made or proposed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from pydantic import JsonValue

from features.event import Event
from features.free_text import is_blank
from governance.audit.chain import Action
from governance.errors import LostReasonError
from governance.leads.state import (
    LeadState,
    WaitingProposal,
    is_to_confirm,
    undoes_word,
)
from governance.policy.actions import OpenProposal
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.effects import Decide
from governance.policy.pipeline import Pipeline, StageRole
from governance.policy.policy import Clause, StageMove
from serving.decisions.guarded_request import GuardedRequest, carry_out
from serving.errors import ChangedMeanwhileError, Reserved
from serving.repositories.decisions import is_decided
from serving.repositories.events import stored_events
from serving.runtime.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRequest(GuardedRequest):
    """`seen`: the stage that the caller saw. `lost_reason`: of the company's list."""

    kind = Reserved.STAGE
    refusal = Action.MOVE_REFUSED
    reserved_by = Clause.STAGE_RESERVED
    event_kind = "stage_changed"

    to: str
    seen: str | None = None
    lost_reason: str | None = None

    @property
    def value(self) -> str:
        return self.to

    def title(self, pipeline: Pipeline) -> str:
        return pipeline.named(self.to).title

    def change(self, service: Service, lead: LeadState, now: datetime) -> StageMove:
        if lead.stage != self.to:  # else the policy says that it's there already
            refuse_other_stage(lead, self.seen, service.pipeline)
        self._refuse_unexplained_loss(service.pipeline)
        log: list[Event] = []
        with service.store.reading() as session:
            if service.pipeline.is_backwards(lead.stage, self.to):
                log = stored_events(session, [lead.id])
            undoes_decision = is_decided(session, lead.id, lead.stage)
        return StageMove(
            origin=lead.stage,
            to=self.to,
            after_complex_exchange=after_complex_exchange(log, now),
            undoes_decision=undoes_decision
            or undoes_word(lead, self.to, service.pipeline),
            confirms=is_to_confirm(lead, service.pipeline)
            or lead.observed_stage is not None,
        )

    def _refuse_unexplained_loss(self, pipeline: Pipeline) -> None:
        """A person who says that a lead is lost says why, by the list and in words."""
        is_lost = self.to == pipeline.of_role(StageRole.ABANDONED)
        reasons = pipeline.lost_reasons
        if not (is_lost and reasons and self.by.is_person):
            return
        why = self.statement.why if self.statement else None
        words = why.text if why else self.reason
        if self.lost_reason not in reasons or is_blank(words):
            named = (f"{name} ({title})" for name, title in reasons.items())
            raise LostReasonError(", ".join(named))

    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        return lead.proposal_to(self.to)

    def effect(self, pipeline: Pipeline, lead: LeadState) -> Decide:
        return Decide(
            id=uuid4(),
            origin=lead.stage,
            to=self.to,
            reserved=pipeline.named(self.to).reserved,
            signer=self.by,
            proposal_id=None,
            reason=self.reason,
            lost_reason=self._lost_reason(pipeline),
        )

    def _lost_reason(self, pipeline: Pipeline) -> str | None:
        """Of the list, and of a loss; else none."""
        is_lost = self.to == pipeline.of_role(StageRole.ABANDONED)
        is_known = self.lost_reason in pipeline.lost_reasons
        return self.lost_reason if is_lost and is_known else None

    def event_data(self, pipeline: Pipeline, lead: LeadState) -> dict[str, JsonValue]:
        why = self._lost_reason(pipeline)
        told = {} if why is None else {"lost_reason": why}
        return {"from": lead.stage, "to": self.to, **told}

    def occurred_at(
        self, pipeline: Pipeline, lead: LeadState, now: datetime
    ) -> datetime:
        """After what was observed so far.

        Was the lead at this stage all the time? Then it doesn't come to it now, and no
        model reads that it does. When a lead ended, nobody knows but who says it.
        """
        just_after = (lead.stage_at or now) + timedelta(microseconds=1)
        rectifies = self.statement is not None and not pipeline.named(self.to).closes
        return just_after if rectifies else max(now, just_after)

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


def move_stage(service: Service, request: MoveRequest, now: datetime) -> Decide:
    """Make a move, or leave a proposal.

    Raises LostReasonError if a person doesn't say why the lead is lost, and as
    `carry_out` does.
    """
    decision, _ = carry_out(service, request, Decide, now)
    return decision
