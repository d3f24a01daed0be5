"""Stage moves: asked for, ruled on, then made or proposed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from explanations.score import Score
from features.event import Event
from governance.audit import Action, Note, Subject, SubjectKind
from governance.decision import CloseProposal, Decide, Effect, ProposalStatus
from governance.errors import ActionNotAutomaticError
from governance.executor import OpenProposal
from governance.override import OWN_SOURCE
from governance.policy import Clause, Ruling, Verdict
from governance.principal import Principal
from serving.errors import (
    LeadUnknownError,
    PersonRequiredError,
    Reserved,
    ReservedForPeopleError,
)
from serving.exchanges import move_of
from serving.lead_state import LeadState
from serving.plans import Plan, Seen, Wish
from serving.recording import Recorded, record
from serving.reserved import left_to_people, proposing
from serving.saying import Word, saying
from serving.service import Service

log = logging.getLogger(__name__)

_TO_A_PERSON = Ruling(Verdict.PROPOSE, Clause.STAGE_RESERVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAsked:
    lead_id: str
    to: str
    reason: str | None
    by: Principal
    only_if: Callable[[Seen], None] | None = None  # raises what forbids the move
    word: Word | None = None  # what the person says of it


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveMade:
    decision_id: UUID
    origin: str
    to: str
    clause: Clause
    score: Score | None


def move_stage(service: Service, asked: MoveAsked, now: datetime) -> MoveMade:
    """Make a move, or leave a proposal and raise ReservedForPeopleError.

    Asking twice leaves one proposal. If the policy let a reserved move through,
    a later lock stops it, and it becomes a proposal all the same.
    """
    try:
        recorded = _moved(service, asked, now)
    except (ActionNotAutomaticError, ReservedForPeopleError) as error:
        log.critical("lock_held", extra={"lock": error.code})
        recorded = _moved(service, asked, now, held_by=error.code)
    return _made_or_proposed(recorded, asked, service.pipeline.named(asked.to).title)


def _moved(
    service: Service, asked: MoveAsked, now: datetime, held_by: str | None = None
) -> Recorded:
    """`held_by`: the lock that the policy's ruling came to, had it gone wrong."""
    wish = Wish(
        lead_ids=frozenset({asked.lead_id}),
        plan=lambda seen: _plan(service, asked, seen, now, held_by),
    )
    return record(service, wish, now)


def _plan(
    service: Service, asked: MoveAsked, seen: Seen, now: datetime, held_by: str | None
) -> Plan:
    lead = seen.leads.get(asked.lead_id)
    if lead is None:
        raise LeadUnknownError(asked.lead_id)
    if asked.only_if is not None:
        asked.only_if(seen)
    move = move_of(service, lead, asked.to, now)
    judge = service.brake.judge
    ruling = _TO_A_PERSON if held_by else judge(asked.by, move, service.pipeline)
    match ruling.verdict:
        case Verdict.APPLY:
            return _making(service, lead, asked, ruling.clause, now)
        case Verdict.PROPOSE:
            refused = _refusal(lead, asked, ruling, held_by)
            if lead.proposal_to(asked.to):  # a person is asked already
                return Plan(notes=((lead.lead_id, refused),))
            return _proposing(service, lead, asked, ruling.clause, refused, now)
        case Verdict.REFUSE:
            raise PersonRequiredError


def _making(
    service: Service, lead: LeadState, asked: MoveAsked, clause: Clause, now: datetime
) -> Plan:
    waiting = lead.proposal_to(asked.to) if asked.by.is_person else None
    decision = Decide(
        id=uuid4(),
        origin=lead.stage,
        to=asked.to,
        reserved=service.pipeline.named(asked.to).reserved,
        clause=clause,
        signer=asked.by,
        proposal_id=None if waiting is None else waiting.id,
        reason=asked.reason,
    )
    effects: list[Effect] = [decision]
    if waiting is not None:
        effects.append(
            CloseProposal(
                proposal_id=waiting.id,
                status=ProposalStatus.CONFIRMED,
                by=asked.by,
                reason=asked.reason,
            )
        )
    plan = Plan(
        arrivals=(_stage_changed(lead, decision, now),),
        effects=tuple((lead.lead_id, effect) for effect in effects),
    )
    return plan if asked.word is None else saying(plan, lead, asked.word, now)


def _stage_changed(lead: LeadState, decision: Decide, now: datetime) -> Event:
    """The decision as the log tells it; it comes after what was observed so far."""
    just_after = (lead.stage_at or now) + timedelta(microseconds=1)
    return Event(
        event_id=str(decision.id),
        source=OWN_SOURCE,
        lead_id=lead.lead_id,
        kind="stage_changed",
        occurred_at=max(now, just_after),
        received_at=now,
        actor=decision.signer.actor,
        data={"from": decision.origin, "to": decision.to},
    )


def _refusal(
    lead: LeadState, asked: MoveAsked, ruling: Ruling, held_by: str | None
) -> Note:
    return Note(
        action=Action.MOVE_REFUSED,
        by=asked.by,
        subject=Subject(SubjectKind.LEAD, lead.id),
        before={"stage": lead.stage},
        why={"asked": asked.to, "clause": ruling.clause.value, "held_by": held_by},
    )


def _proposing(
    service: Service,
    lead: LeadState,
    asked: MoveAsked,
    clause: Clause,
    refused: Note,
    now: datetime,
) -> Plan:
    proposal = OpenProposal(
        id=uuid4(),
        origin=lead.stage,
        to=asked.to,
        clause=clause,
        reason=asked.reason,
        asked_by=asked.by,
    )
    return proposing(service, lead, proposal, refused, now)


def _made_or_proposed(recorded: Recorded, asked: MoveAsked, title: str) -> MoveMade:
    for _, effect in recorded.plan.effects:
        if isinstance(effect, Decide):
            return MoveMade(
                decision_id=effect.id,
                origin=effect.origin,
                to=effect.to,
                clause=effect.clause,
                score=recorded.scores.get(asked.lead_id),
            )
    waiting = recorded.seen.leads[asked.lead_id].proposal_to(asked.to)
    raise left_to_people(recorded, Reserved.STAGE, title, waiting)
