"""Price concessions: asked for, ruled on, then granted or proposed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from governance.audit.chain import Action
from governance.leads.state import LeadState, WaitingProposal
from governance.people.overrides import own_event
from governance.policy.actions import ProposeConcession
from governance.policy.effects import Grant, PlannedEffect
from governance.policy.policy import Clause, Concession
from serving.decisions.change_request import Asked, Terms, ask
from serving.decisions.preconditions import refuse_other_concessions
from serving.errors import Reserved
from serving.repositories.decisions import conceded_by_machines, conceded_on
from serving.runtime.service import Service
from serving.transaction.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcessionAsked(Asked):
    """`percent` of the price, over 0 and up to 100. `seen`: what the caller saw
    conceded on the lead so far, None if they don't say."""

    what = Reserved.CONCESSION
    refused = Action.CONCESSION_REFUSED
    reserved_by = Clause.CONCESSION_RESERVED

    percent: float
    seen: float | None = None

    @property
    def value(self) -> float:
        return self.percent

    def name(self, service: Service) -> str:
        return f"{self.percent:g}"

    def change(self, service: Service, lead: LeadState, now: datetime) -> Concession:
        """Whoever grants one meanwhile moves the lead, and all starts again."""
        with service.store.reading() as session:
            refuse_other_concessions(conceded_on(session, lead.id), self.seen)
            before = conceded_by_machines(session, lead.id)
        return Concession(self.percent, before=before)

    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        return lead.concession_of(self.percent)

    def making(self, service: Service, lead: LeadState, terms: Terms) -> Plan:
        granted = Grant(
            id=terms.id,
            percent=self.percent,
            reserved=service.pipeline.reserves_concession(self.percent),
            clause=terms.clause,
            signer=self.by,
            proposal_id=terms.proposal_id,
            reason=self.reason,
        )
        told = own_event(
            granted.id,
            lead.lead_id,
            Action.CONCESSION_GRANTED.value,
            self.by,
            {"percent": self.percent},
            terms.now,
        )
        planned = PlannedEffect(lead.lead_id, granted, follows=terms.proposal_id)
        return Plan(arrivals=(told,), effects=(planned,))

    def proposal(self, lead: LeadState, clause: Clause) -> ProposeConcession:
        return ProposeConcession(
            id=uuid4(),
            percent=self.percent,
            clause=clause,
            reason=self.reason,
            asked_by=self.by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcessionGranted:
    decision_id: UUID
    percent: float
    clause: Clause
    stage: str  # of the lead, then


def concede(
    service: Service, asked: ConcessionAsked, now: datetime
) -> ConcessionGranted:
    """Grant a concession, or leave a proposal.

    Raises
    ------
    ChangedMeanwhileError
        If more was conceded on the lead than the caller saw; and what `ask` raises.
    """
    granted, recorded = ask(service, asked, Grant, now)
    return ConcessionGranted(
        decision_id=granted.id,
        percent=granted.percent,
        clause=granted.clause,
        stage=recorded.leads[asked.lead_id].stage,
    )
