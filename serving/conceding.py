"""Price concessions: asked for, ruled on, then granted or proposed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from features.event import Event
from governance.audit import Action, Note, Subject, SubjectKind
from governance.decision import CloseProposal, Effect, Grant, ProposalStatus
from governance.errors import ActionNotAutomaticError
from governance.executor import ProposeConcession
from governance.override import OWN_SOURCE
from governance.policy import Clause, Concession, Ruling, Verdict
from governance.principal import Principal
from serving.decisions import conceded_by_machines
from serving.errors import (
    LeadUnknownError,
    PersonRequiredError,
    Reserved,
    ReservedForPeopleError,
)
from serving.lead_state import LeadState
from serving.plans import Plan, Seen, Wish
from serving.recording import Recorded, record
from serving.reserved import left_to_people, proposing
from serving.service import Service

log = logging.getLogger(__name__)

_TO_A_PERSON = Ruling(Verdict.PROPOSE, Clause.CONCESSION_RESERVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcessionAsked:
    """`percent` of the price, over 0 and up to 100."""

    lead_id: str
    percent: float
    reason: str | None
    by: Principal
    only_if: Callable[[Seen], None] | None = None  # raises what forbids it


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcessionGranted:
    decision_id: UUID
    percent: float
    clause: Clause
    stage: str  # of the lead, then


def concede(
    service: Service, asked: ConcessionAsked, now: datetime
) -> ConcessionGranted:
    """Grant a concession, or leave a proposal and raise ReservedForPeopleError.

    Asking twice leaves one proposal; if the policy let a reserved one through, a later
    lock stops it, and it becomes a proposal all the same.
    """
    try:
        recorded = _recorded(service, asked, now)
    except (ActionNotAutomaticError, ReservedForPeopleError) as error:
        log.critical("lock_held", extra={"lock": error.code})
        recorded = _recorded(service, asked, now, held_by=error.code)
    lead = recorded.leads[asked.lead_id]
    for _, effect in recorded.plan.effects:
        if isinstance(effect, Grant):
            return ConcessionGranted(
                decision_id=effect.id,
                percent=effect.percent,
                clause=effect.clause,
                stage=lead.stage,
            )
    waiting = recorded.seen.leads[asked.lead_id].concession_of(asked.percent)
    raise left_to_people(recorded, Reserved.CONCESSION, f"{asked.percent:g}", waiting)


def _recorded(
    service: Service, asked: ConcessionAsked, now: datetime, held_by: str | None = None
) -> Recorded:
    wish = Wish(
        lead_ids=frozenset({asked.lead_id}),
        plan=lambda seen: _plan(service, asked, seen, now, held_by),
    )
    return record(service, wish, now)


def _plan(
    service: Service,
    asked: ConcessionAsked,
    seen: Seen,
    now: datetime,
    held_by: str | None,
) -> Plan:
    lead = seen.leads.get(asked.lead_id)
    if lead is None:
        raise LeadUnknownError(asked.lead_id)
    if asked.only_if is not None:
        asked.only_if(seen)
    wished = Concession(asked.percent, before=_conceded(service, lead))
    judge = service.brake.judge
    ruling = _TO_A_PERSON if held_by else judge(asked.by, wished, service.pipeline)
    match ruling.verdict:
        case Verdict.APPLY:
            return _granting(service, lead, asked, ruling.clause, now)
        case Verdict.PROPOSE:
            refused = _refusal(lead, asked, ruling.clause, held_by)
            if lead.concession_of(asked.percent):  # a person is asked already
                return Plan(notes=((lead.lead_id, refused),))
            proposal = ProposeConcession(
                id=uuid4(),
                percent=asked.percent,
                clause=ruling.clause,
                reason=asked.reason,
                asked_by=asked.by,
            )
            return proposing(service, lead, proposal, refused, now)
        case Verdict.REFUSE:
            raise PersonRequiredError


def _conceded(service: Service, lead: LeadState) -> float:
    """Whoever grants one meanwhile moves the lead, and all starts again."""
    with service.store.reading() as session:
        return conceded_by_machines(session, lead.id)


def _granting(
    service: Service,
    lead: LeadState,
    asked: ConcessionAsked,
    clause: Clause,
    now: datetime,
) -> Plan:
    waiting = lead.concession_of(asked.percent) if asked.by.is_person else None
    granted = Grant(
        id=uuid4(),
        percent=asked.percent,
        reserved=service.pipeline.reserves_concession(asked.percent),
        clause=clause,
        signer=asked.by,
        proposal_id=None if waiting is None else waiting.id,
        reason=asked.reason,
    )
    effects: list[Effect] = [granted]
    if waiting is not None:
        effects.append(
            CloseProposal(
                proposal_id=waiting.id,
                status=ProposalStatus.CONFIRMED,
                by=asked.by,
                reason=asked.reason,
            )
        )
    told = Event(
        event_id=str(granted.id),
        source=OWN_SOURCE,
        lead_id=lead.lead_id,
        kind=Action.CONCESSION_GRANTED.value,
        occurred_at=now,
        received_at=now,
        actor=asked.by.actor,
        data={"percent": asked.percent},
    )
    return Plan(arrivals=(told,), effects=tuple((lead.lead_id, one) for one in effects))


def _refusal(
    lead: LeadState, asked: ConcessionAsked, clause: Clause, held_by: str | None
) -> Note:
    return Note(
        action=Action.CONCESSION_REFUSED,
        by=asked.by,
        subject=Subject(SubjectKind.LEAD, lead.id),
        why={"asked": asked.percent, "clause": clause.value, "held_by": held_by},
    )
