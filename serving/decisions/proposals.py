"""Decisions on proposals: a person confirms or dismisses one; the first one wins."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from uuid import UUID, uuid4

from explanations.score import Priority
from features.event import Event
from features.free_text import is_blank
from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.leads.state import LeadState
from governance.people.overrides import OverrideKind, own_event
from governance.people.principal import Principal
from governance.people.roles import DECIDERS
from governance.policy.effects import (
    CloseProposal,
    Decide,
    Grant,
    PlannedEffect,
    ProposalStatus,
    Requalify,
)
from governance.policy.policy import Clause
from serving.audit.trace import StatedReason
from serving.auth.visibility import require_visible
from serving.database.engine import Store
from serving.decisions.concession import ConcessionRequest
from serving.decisions.guarded_request import carry_out, change_lead
from serving.decisions.override import refuse_other_priority
from serving.decisions.stage_move import MoveRequest, move_stage, refuse_other_stage
from serving.errors import (
    LeadUnknownError,
    PersonRequiredError,
    ProposalDecidedError,
    ProposalUnknownError,
    RequestInvalidError,
    RoleMissingError,
)
from serving.repositories.persons import Person
from serving.repositories.proposals import Proposal, find_proposal
from serving.runtime.service import Service
from serving.transaction.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade:
    """A decision that was made of a lead: from a stage or priority to another."""

    id: UUID
    origin: str
    to: str
    clause: Clause


def confirm(
    service: Service,
    proposal_id: UUID,
    by: Principal,
    why: StatedReason,
    now: datetime,
    *,
    seen: str | None = None,
) -> DecisionMade | Decide:
    """Make the move that was proposed, give the priority or the concession, signed by
    the person; `seen`: the stage that they saw, or the priority if one is proposed.
    `why` has a reason of the company's list if a lead is lost.

    Raises
    ------
    PersonRequiredError
        If `by` isn't a person, nor an emergency access that may decide.
    ProposalUnknownError, ProposalDecidedError
        If there is no such proposal, or somebody decided it before, or its time is
        over.
    ChangedMeanwhileError
        If the lead has another stage or priority than they saw.
    AboveLimitError
        If a concession is more than their role may grant.
    LostReasonError
        If they don't say why a lead is lost.
    """
    proposal = _undecided(service, proposal_id, by, now)

    def check(lead: LeadState) -> None:
        _refuse_decided(service.store, proposal, lead)
        if proposal.to_priority is None:
            refuse_other_stage(lead, seen, service.pipeline)
        else:
            refuse_other_priority(lead, seen)

    if proposal.to_priority is not None:
        return _requalify(service, proposal, by, why.text, check, now)
    if proposal.concession_percent is not None:
        concession = ConcessionRequest(
            lead_id=proposal.lead_id,
            percent=proposal.concession_percent,
            reason=why.text,
            by=by,
            only_if=check,
        )
        grant, recorded = carry_out(service, concession, Grant, now)
        stage = recorded.leads[proposal.lead_id].stage
        return DecisionMade(id=grant.id, origin=stage, to=stage, clause=grant.clause)
    move = MoveRequest(
        lead_id=proposal.lead_id,
        to=proposal.to_stage,
        reason=why.text,
        by=by,
        only_if=check,
        lost_reason=why.reason,
    )
    return move_stage(service, move, now)


def dismiss(
    service: Service, proposal_id: UUID, by: Principal, reason: str, now: datetime
) -> None:
    """Close a proposal without making its move; raises as `confirm` does, and
    RequestInvalidError without a reason."""
    if is_blank(reason):
        raise RequestInvalidError("reason", "string_too_short")
    proposal = _undecided(service, proposal_id, by, now)
    ending = _ending(proposal, ProposalStatus.DISMISSED, by, reason)

    def plan(lead: LeadState) -> Plan:
        _refuse_decided(service.store, proposal, lead)
        effects = (PlannedEffect(lead.lead_id, ending, follows=proposal_id),)
        if proposal.to_priority is None:
            return Plan(effects=effects)
        assert lead.priority is not None  # else none would be proposed
        return Plan(
            arrivals=(_confirmation(proposal, lead.priority, by, now),),
            effects=effects,
            settled_by={lead.lead_id: proposal_id},
        )

    change_lead(service, proposal.lead_id, plan, now)


def refuse_decision(
    service: Service, proposal_id: UUID, by: Principal, now: datetime
) -> NoReturn:
    """Record that a machine tried to decide a proposal; raise PersonRequiredError."""
    with suppress(ProposalUnknownError):
        lead_id = known_proposal(service.store, proposal_id).lead_id

        def plan(lead: LeadState) -> Plan:
            refused = AuditEntry(
                action=Action.DECISION_REFUSED,
                by=by,
                subject=Subject(SubjectKind.PROPOSAL, proposal_id),
                lead=lead.id,
                follows=proposal_id,
            )
            return Plan(entries=((lead_id, refused),))

        change_lead(service, lead_id, plan, now)
    raise PersonRequiredError


def refuse_as_decider(store: Store, person: Person, proposal_id: UUID) -> None:
    """Refuse who may not decide on leads, or doesn't see this one.

    Raises RoleMissingError, ProposalUnknownError.
    """
    if person.role not in DECIDERS:
        raise RoleMissingError
    try:
        require_visible(store, person, known_proposal(store, proposal_id).lead_id)
    except LeadUnknownError as error:
        raise ProposalUnknownError(str(proposal_id)) from error


def known_proposal(store: Store, proposal_id: UUID) -> Proposal:
    """The proposal; raises ProposalUnknownError."""
    with store.reading() as session:
        proposal = find_proposal(session, proposal_id)
    if proposal is None:
        raise ProposalUnknownError(str(proposal_id))
    return proposal


def _undecided(
    service: Service, proposal_id: UUID, by: Principal, now: datetime
) -> Proposal:
    if not by.signs:
        refuse_decision(service, proposal_id, by, now)
    proposal = known_proposal(service.store, proposal_id)
    if proposal.to_priority is not None and not by.is_person:
        refuse_decision(service, proposal_id, by, now)  # it would be a person's word
    if proposal.is_over(now):  # though the tick hasn't said so yet
        raise ProposalDecidedError(ProposalStatus.EXPIRED.value, "")
    return proposal


def _refuse_decided(store: Store, proposal: Proposal, lead: LeadState) -> None:
    if any(waiting.id == proposal.id for waiting in lead.waiting):
        return
    decided = known_proposal(store, proposal.id)
    raise ProposalDecidedError(decided.status.value, decided.decided_by or "")


def _ending(
    proposal: Proposal, status: ProposalStatus, by: Principal, reason: str | None
) -> CloseProposal:
    return CloseProposal(proposal_id=proposal.id, status=status, by=by, reason=reason)


def _requalify(
    service: Service,
    proposal: Proposal,
    by: Principal,
    reason: str | None,
    check: Callable[[LeadState], None],
    now: datetime,
) -> DecisionMade:
    """Give the lead the priority that was proposed."""
    lead_id, decision, to = proposal.lead_id, uuid4(), proposal.to_priority
    assert to is not None  # that is what it proposes
    ending = _ending(proposal, ProposalStatus.CONFIRMED, by, reason)

    def plan(lead: LeadState) -> Plan:
        check(lead)
        requalification = Requalify(
            id=decision,
            origin=lead.priority,
            to=to,
            signer=by,
            proposal_id=proposal.id,
        )
        return Plan(
            arrivals=(_confirmation(proposal, to, by, now),),
            effects=(
                PlannedEffect(lead_id, requalification, follows=proposal.id),
                PlannedEffect(lead_id, ending, follows=decision),
            ),
            settled_by={lead_id: decision},
        )

    recorded = change_lead(service, lead_id, plan, now)
    return DecisionMade(
        id=decision,
        origin=recorded.seen.leads[lead_id].priority or "",
        to=recorded.leads[lead_id].priority or "",
        clause=Clause.PERSON_DECIDES,
    )


def _confirmation(
    proposal: Proposal, priority: Priority, by: Principal, now: datetime
) -> Event:
    """The event that a person has decided on a priority: automation may go on. Its id
    is the proposal's, which says who decided."""
    kind, data = OverrideKind.PRIORITY_CONFIRMED.value, {"priority": priority.value}
    return own_event(proposal.id, proposal.lead_id, kind, by, data, now)
