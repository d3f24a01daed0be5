"""Overrides: people contest or confirm a priority, or adjust a status, at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid4

from explanations.score import Priority
from governance.audit.chain import Action
from governance.leads.state import LeadState
from governance.people.principal import Principal
from governance.policy.effects import (
    CloseProposal,
    PlannedEffect,
    ProposalStatus,
    Requalify,
)
from serving.audit.trace import StatedReason
from serving.decisions.guarded_request import change_lead
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.decisions.statement import (
    Statement,
    checked,
    with_statement,
)
from serving.errors import (
    ChangedMeanwhileError,
    PriorityHeldError,
    PriorityMissingError,
    Reserved,
)
from serving.runtime.service import Service
from serving.transaction.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityOverride:
    """A person's priority of a lead; None: the one that it has is confirmed.

    `seen`: the one that the person saw on it.
    """

    lead_id: str
    by: Principal
    why: StatedReason
    priority: Priority | None
    seen: Priority | None = None

    @property
    def confirms(self) -> bool:
        return self.priority is None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAdjustment:
    """The stage that a lead is really at, and the one that the person saw."""

    lead_id: str
    by: Principal
    why: StatedReason
    to: str
    seen: str | None = None
    lost_reason: str | None = None

    confirms: ClassVar[bool] = False


def override(
    service: Service, request: PriorityOverride | StatusAdjustment, now: datetime
) -> UUID:
    """Contest or confirm a priority, or adjust a status; returns the event's id.

    Raises RequestInvalidError if its reason isn't of the list, or agrees with what is
    contested.
    """
    why = checked(service.judgement, request.why, confirms=request.confirms)
    if isinstance(request, StatusAdjustment):
        return adjust_status(service, replace(request, why=why), now)
    return override_priority(service, replace(request, why=why), now)


def override_priority(
    service: Service, request: PriorityOverride, now: datetime
) -> UUID:
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

    def plan(lead: LeadState) -> Plan:
        to = request.priority or lead.priority
        if to is None:
            raise PriorityMissingError
        if request.priority is lead.priority:
            raise PriorityHeldError(to.value)
        refuse_other_priority(lead, request.seen)
        planned = Plan(effects=tuple(_effects(lead, request, to, event_id)))
        statement = _statement(event_id, lead, request, to)
        return with_statement(planned, lead, statement, now)

    change_lead(service, request.lead_id, plan, now)
    return event_id


def adjust_status(service: Service, request: StatusAdjustment, now: datetime) -> UUID:
    """Move a lead to the stage that it is really at; returns the event's id.

    Raises as `move_stage` does.
    """
    statement = Statement(
        id=uuid4(),
        action=Action.STATUS_ADJUSTED,
        by=request.by,
        about={"to": request.to},
        why=request.why,
        after={"stage": request.to},
    )
    move = MoveRequest(
        lead_id=request.lead_id,
        to=request.to,
        seen=request.seen,
        reason=request.why.reason,
        by=request.by,
        statement=statement,
        lost_reason=request.lost_reason,
    )
    move_stage(service, move, now)
    return statement.id


def _effects(
    lead: LeadState, request: PriorityOverride, to: Priority, statement: UUID
) -> Iterator[PlannedEffect]:
    """The priority, if it is another; and the end of what was proposed of it."""
    waiting = [proposal for proposal in lead.waiting if proposal.is_priority]
    requalification: Requalify | None = None
    if to is not lead.priority:
        agreed = next((proposal.id for proposal in waiting if proposal.to == to), None)
        requalification = Requalify(
            id=uuid4(),
            origin=lead.priority,
            to=to,
            signer=request.by,
            proposal_id=agreed,
        )
        yield PlannedEffect(lead.lead_id, requalification, follows=agreed or statement)
    for proposal in waiting:
        agrees = proposal.to == to
        ending = CloseProposal(
            proposal_id=proposal.id,
            status=ProposalStatus.CONFIRMED if agrees else ProposalStatus.DISMISSED,
            by=request.by,
            reason=request.why.reason or request.why.text,
        )
        follows = requalification.id if requalification and agrees else proposal.id
        yield PlannedEffect(lead.lead_id, ending, follows)


def _statement(
    event_id: UUID, lead: LeadState, request: PriorityOverride, to: Priority
) -> Statement:
    previous = lead.priority and lead.priority.value
    kind = Action.PRIORITY_CONFIRMED if request.confirms else Action.PRIORITY_CONTESTED
    return Statement(
        id=event_id,
        action=kind,
        by=request.by,
        about={"priority": to.value}
        | ({} if request.confirms else {"previous": previous}),
        why=request.why,
        before={"priority": previous},
        after={"priority": to.value},
    )


def refuse_other_priority(lead: LeadState, seen: str | None) -> None:
    """`seen` None: the caller doesn't say. Raises ChangedMeanwhileError."""
    if seen is not None and lead.priority != seen:
        raise ChangedMeanwhileError(lead.priority or "", Reserved.PRIORITY)
