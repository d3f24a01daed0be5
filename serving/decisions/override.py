"""A person contests or confirms a priority, or adjusts a status: effective at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from explanations.score import Priority
from governance.audit.chain import Action
from governance.leads.state import LeadState, WaitingProposal
from governance.people.principal import Principal
from governance.policy.effects import (
    CloseProposal,
    PlannedEffect,
    ProposalStatus,
    Requalify,
)
from serving.decisions.preconditions import refuse_other_priority
from serving.decisions.stage_move import MoveAsked, move_stage
from serving.decisions.statement import Why, Word, checked, saying
from serving.errors import (
    LeadUnknownError,
    PriorityHeldError,
    PriorityMissingError,
)
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person says of a lead; `priority` None: the one that it has is right.

    `seen`: the one that the person saw on it.
    """

    lead_id: str
    by: Principal
    why: Why
    priority: Priority | None
    seen: Priority | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """The stage that a lead is really at, and the one that the person saw."""

    lead_id: str
    by: Principal
    why: Why
    to: str
    seen: str | None = None


def override(service: Service, asked: Override | Adjustment, now: datetime) -> UUID:
    """Record what a person contests, confirms or adjusts; returns the event's id.

    Raises
    ------
    RequestInvalidError
        If its reason isn't of the list, or agrees with what is contested.
    """
    confirms = isinstance(asked, Override) and asked.priority is None
    why = checked(service.judgement, asked.why, confirms=confirms)
    if isinstance(asked, Adjustment):
        return adjust_status(service, replace(asked, why=why), now)
    return judge_priority_of(service, replace(asked, why=why), now)


def judge_priority_of(service: Service, asked: Override, now: datetime) -> UUID:
    """Contest or confirm a priority; returns the event's id.

    What automation proposed of the priority is decided by it as well.

    Raises
    ------
    LeadUnknownError, PersonRequiredError
    PriorityMissingError
        Nothing to confirm: the lead was never scored.
    PriorityHeldError
        The lead has that priority already: it can only be confirmed.
    ChangedMeanwhileError
        The lead has another priority than the person saw.
    """
    event_id = uuid4()

    def plan(seen: Seen) -> Plan:
        lead = seen.leads.get(asked.lead_id)
        if lead is None:
            raise LeadUnknownError(asked.lead_id)
        to = asked.priority or lead.priority
        if to is None:
            raise PriorityMissingError
        if asked.priority is lead.priority:
            raise PriorityHeldError(to.value)
        refuse_other_priority(lead, asked.seen)
        planned = Plan(effects=tuple(_effects(lead, asked, to, event_id)))
        return saying(planned, lead, _word(event_id, lead, asked, to), now)

    record(service, Wish(lead_ids=frozenset({asked.lead_id}), plan=plan), now)
    return event_id


def adjust_status(service: Service, asked: Adjustment, now: datetime) -> UUID:
    """Move a lead to the stage that it is really at; returns the event's id.

    Raises as `move_stage` does.
    """
    word = Word(
        id=uuid4(),
        action=Action.STATUS_ADJUSTED,
        by=asked.by,
        about={"to": asked.to},
        why=asked.why,
        after={"stage": asked.to},
    )
    move = MoveAsked(
        lead_id=asked.lead_id,
        to=asked.to,
        seen=asked.seen,
        reason=asked.why.reason,
        by=asked.by,
        word=word,
    )
    move_stage(service, move, now)
    return word.id


def _effects(
    lead: LeadState, asked: Override, to: Priority, word: UUID
) -> Iterator[PlannedEffect]:
    """The priority, if it is another; and the end of what was proposed of it."""
    waiting = [one for one in lead.waiting if one.is_priority]
    made: Requalify | None = None
    if to is not lead.priority:
        agreed = next((one.id for one in waiting if one.to == to), None)
        made = Requalify(
            id=uuid4(), origin=lead.priority, to=to, signer=asked.by, proposal_id=agreed
        )
        yield PlannedEffect(lead.lead_id, made, follows=agreed or word)
    for one in waiting:
        follows = made.id if made and one.to == to else one.id
        yield PlannedEffect(lead.lead_id, _ending(one, asked, to), follows)


def _ending(proposal: WaitingProposal, asked: Override, to: Priority) -> CloseProposal:
    agrees = proposal.to == to
    return CloseProposal(
        proposal_id=proposal.id,
        status=ProposalStatus.CONFIRMED if agrees else ProposalStatus.DISMISSED,
        by=asked.by,
        reason=asked.why.reason or asked.why.text,
    )


def _word(event_id: UUID, lead: LeadState, asked: Override, to: Priority) -> Word:
    is_confirmed = asked.priority is None
    return Word(
        id=event_id,
        action=Action.PRIORITY_CONFIRMED if is_confirmed else Action.PRIORITY_CONTESTED,
        by=asked.by,
        about={"priority": to.value}
        | ({} if is_confirmed else {"previous": lead.priority and lead.priority.value}),
        why=asked.why,
        before={"priority": lead.priority and lead.priority.value},
        after={"priority": to.value},
    )
