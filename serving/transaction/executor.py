"""Executor: carries out effects in a transaction, and holds lock 2."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from governance.leads.state import LeadState, undoes_word
from governance.policy.actions import (
    Concede,
    MoveStage,
    Notify,
    OpenProposal,
    ProposeConcession,
    ProposePriority,
    SetPriority,
)
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.effects import (
    BreakGlass,
    CloseProposal,
    CloseTask,
    Decide,
    Effect,
    EndTask,
    EscalateTask,
    Grant,
    HandOverTask,
    Requalify,
    Resume,
    Suspend,
)
from governance.policy.locks import Brake
from governance.policy.pipeline import Pipeline
from governance.policy.task import OpenTask
from governance.rules.outcome import Outcome
from serving.errors import ReauthenticationRequiredError
from serving.repositories.decisions import (
    add_break_glass,
    add_decision,
    conceded_by_machines,
    is_decided,
)
from serving.repositories.events import stored_events
from serving.repositories.notices import Notice, add_notice
from serving.repositories.proposals import add_proposal, end_proposal
from serving.repositories.suspensions import add_suspension, end_suspensions
from serving.repositories.tasks import end_tasks_of, write_task
from serving.runtime.audit_status import AuditStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    session: Session
    pipeline: Pipeline
    brake: Brake
    audit_status: AuditStatus
    now: datetime

    def perform(self, lead: LeadState, effect: Effect) -> list[UUID]:
        """Carry out one effect; returns the tasks that end with a proposal.

        Raises
        ------
        AutomationStoppedError
            No person signs, and the audit was found broken.
        ActionNotAutomaticError
            Lock 2: no person signs, and the action is not one that automation has.
        ReservedForPeopleError
            Lock 3: the database refused the decision.
        ReauthenticationRequiredError
            The person who signs what is reserved didn't lately prove who they are.
        """
        session, now = self.session, self.now
        match effect:
            case Decide() | Grant() | Requalify():
                self._decide(lead, effect)
            case BreakGlass():
                add_break_glass(session, effect, now)
            case OpenProposal() | ProposePriority() | ProposeConcession():
                add_proposal(session, lead, effect, now)
            case Suspend():
                add_suspension(session, effect, now, lead_uuid=lead.id)
            case Resume():
                end_suspensions(session, effect.signer, now, lead_uuid=lead.id)
            case OpenTask() | CloseTask() | EndTask() | EscalateTask() | HandOverTask():
                write_task(session, lead.id, effect, now)
            case CloseProposal():
                end_proposal(session, effect, now)
                return end_tasks_of(session, effect.proposal_id, now)
        return []

    def perform_outcome(self, lead: LeadState, outcome: Outcome) -> None:
        """Carry out what automation does; the lead itself is written with its state.

        Raises
        ------
        ActionNotAutomaticError
            Lock 2: the action is not one that automation has.
        ReservedForPeopleError
            Lock 3: the database refused the priority.
        """
        effect = outcome.effect
        if effect is None:
            return
        self.brake.admit(effect.action, self.pipeline)
        match effect.action:
            case OpenTask() | OpenProposal() | ProposePriority() as planned:
                self.perform(lead, planned)
            case SetPriority(origin=origin, to=to):
                decision = Requalify(
                    id=effect.id,
                    origin=origin,
                    to=to,
                    signer=outcome.by,
                    proposal_id=None,
                    clause=effect.ruling.clause,
                )
                add_decision(self.session, lead.id, decision, self.now)
            case Notify(to=recipient, text=text):
                notice = Notice(
                    id=effect.id,
                    rule_id=outcome.by.name,
                    recipient=recipient,
                    text=text,
                    created_at=self.now,
                )
                add_notice(self.session, lead.id, notice)

    def _decide(self, lead: LeadState, decision: Decide | Grant | Requalify) -> None:
        if _is_reserved(decision) and not decision.signer.is_proven(self.now):
            raise ReauthenticationRequiredError
        if not decision.signer.signs:
            self.audit_status.refuse_if_broken()
            self.brake.admit(self._as_automatic(lead, decision), self.pipeline)
        add_decision(self.session, lead.id, decision, self.now)

    def _as_automatic(
        self, lead: LeadState, decision: Decide | Grant | Requalify
    ) -> MoveStage | Concede | SetPriority:
        """The action, with what lock 2 wants to know of it: as it is stored."""
        match decision:
            case Decide(origin=origin, to=to):
                goes_back = self.pipeline.is_backwards(origin, to)
                return MoveStage(
                    origin,
                    to,
                    requalifies=goes_back and self._is_after_exchange(lead),
                    undoes_decision=is_decided(self.session, lead.id, origin)
                    or undoes_word(lead, to, self.pipeline),
                )
            case Grant(percent=percent):
                return Concede(percent, conceded_by_machines(self.session, lead.id))
            case Requalify(origin=priority, to=band):
                return SetPriority(band, priority, self._is_after_exchange(lead))

    def _is_after_exchange(self, lead: LeadState) -> bool:
        return after_complex_exchange(stored_events(self.session, [lead.id]), self.now)


def _is_reserved(decision: Decide | Grant | Requalify) -> bool:
    """Is it a decision that a person alone may sign?"""
    if isinstance(decision, Requalify):
        return decision.proposal_id is not None
    return decision.reserved
