"""Price concessions: asked for, ruled on, then granted or proposed."""

from dataclasses import dataclass
from datetime import datetime
from math import isclose
from uuid import UUID, uuid4

from pydantic import JsonValue
from sqlalchemy.orm import Session

from features.free_text import is_blank
from governance.audit.chain import Action
from governance.leads.state import LeadState, WaitingProposal
from governance.people.principal import Principal
from governance.policy.actions import ProposeConcession
from governance.policy.effects import Grant
from governance.policy.pipeline import Pipeline
from governance.policy.policy import Clause, Concession
from serving.decisions.guarded_request import GuardedRequest, carry_out
from serving.errors import ChangedMeanwhileError, RequestInvalidError, Reserved
from serving.repositories.decisions import conceded_by_machines, conceded_on
from serving.repositories.events import largest_of_lead
from serving.repositories.persons import person_named
from serving.runtime.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcessionRequest(GuardedRequest):
    """`percent` of the price, over 0 and up to 100. `seen`: what the caller saw
    conceded on the lead so far, None if they don't say."""

    kind = Reserved.CONCESSION
    refusal = Action.CONCESSION_REFUSED
    reserved_by = Clause.CONCESSION_RESERVED
    event_kind = Action.CONCESSION_GRANTED.value

    percent: float
    seen: float | None = None

    @property
    def value(self) -> float:
        return self.percent

    def title(self, pipeline: Pipeline) -> str:
        return f"{self.percent:g}"

    def change(self, service: Service, lead: LeadState, now: datetime) -> Concession:
        """Whoever grants one meanwhile moves the lead, and all starts again."""
        with service.store.reading() as session:
            conceded = conceded_on(session, lead.id).percent
            before = conceded_by_machines(session, lead.id)
            limit = limit_of(session, service.pipeline, self.by, lead.id)
        if self.seen is not None and not isclose(conceded, self.seen, abs_tol=1e-6):
            raise ChangedMeanwhileError(f"{conceded:g}", Reserved.CONCESSION)
        return Concession(self.percent, before=before, conceded=conceded, limit=limit)

    def waiting(self, lead: LeadState) -> WaitingProposal | None:
        return lead.concession_of(self.percent)

    def effect(self, pipeline: Pipeline, lead: LeadState) -> Grant:
        return Grant(
            id=uuid4(),
            percent=self.percent,
            reserved=pipeline.reserves_concession(self.percent),
            signer=self.by,
            proposal_id=None,
            reason=self.reason,
        )

    def event_data(self, pipeline: Pipeline, lead: LeadState) -> dict[str, JsonValue]:
        return {"percent": self.percent}

    def proposal(self, lead: LeadState, clause: Clause) -> ProposeConcession:
        return ProposeConcession(
            id=uuid4(),
            percent=self.percent,
            clause=clause,
            reason=self.reason,
            asked_by=self.by,
        )


def limit_of(
    session: Session, pipeline: Pipeline, by: Principal, lead_uuid: UUID
) -> float | None:
    """What a person may let the concessions on a lead come to, in percent; None: there
    is no limit, or they are a machine, or nobody we know, whom lock 3 refuses.

    Euros are of the largest amount that the lead ever had: who changes it, be it a key,
    gives nobody room."""
    person = person_named(session, by.name) if by.is_person else None
    if person is None:
        return None
    amount = largest_of_lead(session, lead_uuid, pipeline.amount_attribute)
    return pipeline.concession_limit(person.role, amount)


def concede(service: Service, request: ConcessionRequest, now: datetime) -> Grant:
    """Grant a concession, or leave a proposal.

    Raises
    ------
    RequestInvalidError
        A person gives no reason.
    ChangedMeanwhileError
        If more was conceded on the lead than the caller saw.
    AboveLimitError
        A person asks for more than their role may grant: a manager is asked; and what
        `carry_out` raises.
    """
    if request.by.is_person and is_blank(request.reason):
        raise RequestInvalidError("reason", "missing")
    grant, _ = carry_out(service, request, Grant, now)
    return grant
