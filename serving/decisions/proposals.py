"""Proposals: a person confirms one, or dismisses it. The first one wins."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NoReturn
from uuid import UUID, uuid4

from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.people.overrides import OverrideKind, own_event
from governance.people.principal import Principal
from governance.people.roles import DECIDERS
from governance.policy.effects import (
    CloseProposal,
    PlannedEffect,
    ProposalStatus,
    Requalify,
)
from governance.policy.policy import Clause
from serving.auth.visibility import require_visible
from serving.decisions.concession import ConcessionAsked, concede
from serving.decisions.preconditions import refuse_other_priority, refuse_other_stage
from serving.decisions.stage_move import MoveAsked, MoveMade, move_stage
from serving.errors import (
    LeadUnknownError,
    PersonRequiredError,
    ProposalDecidedError,
    ProposalUnknownError,
    RoleMissingError,
)
from serving.repositories.persons import Person
from serving.repositories.proposals import Proposal, find_proposal
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import record


def confirm(
    service: Service,
    proposal_id: UUID,
    by: Principal,
    reason: str | None,
    now: datetime,
    *,
    seen: str | None = None,
) -> MoveMade:
    """Make the move that was proposed, give the priority or the concession, signed by
    the person; `seen`: the stage that they saw, or the priority if one is proposed.

    Raises
    ------
    PersonRequiredError
        If `by` isn't a person.
    ProposalUnknownError, ProposalDecidedError
        If there is no such proposal, or somebody decided it before, or its time is
        over.
    ChangedMeanwhileError
        If the lead has another stage or priority than they saw.
    """
    proposal = _for_a_person(service, proposal_id, by, now)

    def only_if(now_seen: Seen) -> None:
        _refuse_decided(service, proposal, now_seen)
        _refuse_changed(service, proposal, seen, now_seen)

    if proposal.to_priority is not None:
        ending = CloseProposal(
            proposal_id=proposal_id,
            status=ProposalStatus.CONFIRMED,
            by=by,
            reason=reason,
        )
        return requalify(service, proposal, ending, only_if, now)
    if proposal.concession_percent is not None:
        return _conceded(service, proposal, by, reason, only_if, now)
    asked = MoveAsked(
        lead_id=proposal.lead_id,
        to=proposal.to_stage,
        reason=reason,
        by=by,
        only_if=only_if,
    )
    return move_stage(service, asked, now)


def dismiss(
    service: Service, proposal_id: UUID, by: Principal, reason: str, now: datetime
) -> None:
    """Close a proposal without making its move; raises as `confirm` does."""
    proposal = _for_a_person(service, proposal_id, by, now)
    ending = CloseProposal(
        proposal_id=proposal_id, status=ProposalStatus.DISMISSED, by=by, reason=reason
    )

    def only_if(seen: Seen) -> None:
        _refuse_decided(service, proposal, seen)

    if proposal.to_priority is not None:
        requalify(service, proposal, ending, only_if, now)
        return

    def plan(seen: Seen) -> Plan:
        only_if(seen)
        planned = PlannedEffect(proposal.lead_id, ending, follows=proposal_id)
        return Plan(effects=(planned,))

    record(service, Wish(lead_ids=frozenset({proposal.lead_id}), plan=plan), now)


def _conceded(
    service: Service,
    proposal: Proposal,
    by: Principal,
    reason: str | None,
    only_if: Callable[[Seen], None],
    now: datetime,
) -> MoveMade:
    assert proposal.concession_percent is not None  # that is what it proposes
    asked = ConcessionAsked(
        lead_id=proposal.lead_id,
        percent=proposal.concession_percent,
        reason=reason,
        by=by,
        only_if=only_if,
    )
    granted = concede(service, asked, now)
    return MoveMade(
        decision_id=granted.decision_id,
        origin=granted.stage,
        to=granted.stage,
        clause=granted.clause,
        score=None,
    )


def _for_a_person(
    service: Service, proposal_id: UUID, by: Principal, now: datetime
) -> Proposal:
    if not by.is_person:
        refuse_decision(service, proposal_id, by, now)
    proposal = found_proposal(service, proposal_id)
    if proposal.is_over(now):  # though the tick hasn't said so yet
        raise ProposalDecidedError(ProposalStatus.EXPIRED.value, "")
    return proposal


def refuse_decision(
    service: Service, proposal_id: UUID, by: Principal, now: datetime
) -> NoReturn:
    """Record that a machine tried to decide a proposal; raise PersonRequiredError."""
    with suppress(ProposalUnknownError):
        lead_id = found_proposal(service, proposal_id).lead_id

        def plan(seen: Seen) -> Plan:
            refused = AuditEntry(
                action=Action.DECISION_REFUSED,
                by=by,
                subject=Subject(SubjectKind.PROPOSAL, proposal_id),
                lead=seen.leads[lead_id].id,
                follows=proposal_id,
            )
            return Plan(entries=((lead_id, refused),))

        record(service, Wish(lead_ids=frozenset({lead_id}), plan=plan), now)
    raise PersonRequiredError


def _refuse_decided(service: Service, proposal: Proposal, seen: Seen) -> None:
    lead = seen.leads[proposal.lead_id]
    if any(waiting.id == proposal.id for waiting in lead.waiting):
        return
    decided = found_proposal(service, proposal.id)
    raise ProposalDecidedError(decided.status.value, decided.decided_by or "")


def _refuse_changed(
    service: Service, proposal: Proposal, seen: str | None, now_seen: Seen
) -> None:
    lead = now_seen.leads[proposal.lead_id]
    if proposal.to_priority is None:
        refuse_other_stage(lead, seen, service.pipeline)
    else:
        refuse_other_priority(lead, seen)


def found_proposal(service: Service, proposal_id: UUID) -> Proposal:
    """The proposal; raises ProposalUnknownError."""
    with service.store.reading() as session:
        proposal = find_proposal(session, proposal_id)
    if proposal is None:
        raise ProposalUnknownError(str(proposal_id))
    return proposal


def requalify(
    service: Service,
    proposal: Proposal,
    ending: CloseProposal,
    only_if: Callable[[Seen], None],
    now: datetime,
) -> MoveMade:
    """Give the lead the priority that was proposed, or, dismissed, the one it has.

    Either way a person has decided: the log tells it, and automation may go on.
    """
    decision = uuid4()

    def plan(seen: Seen) -> Plan:
        only_if(seen)
        origin = seen.leads[proposal.lead_id].priority
        is_confirmed = ending.status is ProposalStatus.CONFIRMED
        to = proposal.to_priority if is_confirmed else origin
        assert to is not None  # a lead without a priority has none proposed
        made = Requalify(
            id=decision,
            origin=origin,
            to=to,
            signer=ending.by,
            proposal_id=proposal.id,
        )
        cause = decision if is_confirmed else proposal.id
        ended = PlannedEffect(proposal.lead_id, ending, follows=cause)
        given = PlannedEffect(proposal.lead_id, made, follows=proposal.id)
        told = own_event(
            uuid4(),
            proposal.lead_id,
            OverrideKind.PRIORITY_CONFIRMED.value,
            ending.by,
            {"priority": to.value},
            now,
        )
        return Plan(
            arrivals=(told,),
            effects=(given, ended) if is_confirmed else (ended,),
            settled_by={proposal.lead_id: cause},
        )

    wish = Wish(lead_ids=frozenset({proposal.lead_id}), plan=plan)
    recorded = record(service, wish, now)
    before = recorded.seen.leads[proposal.lead_id]
    lead = recorded.leads[proposal.lead_id]
    return MoveMade(
        decision_id=decision,
        origin=before.priority or "",
        to=lead.priority or "",
        clause=Clause.PERSON_DECIDES,
        score=recorded.scores.get(proposal.lead_id),
    )


def refuse_as_decider(service: Service, person: Person, proposal_id: UUID) -> None:
    """Who decides a proposal decides on leads, and sees this one.

    Raises
    ------
    RoleMissingError, ProposalUnknownError
    """
    if person.role not in DECIDERS:
        raise RoleMissingError
    try:
        require_visible(
            service.store, person, found_proposal(service, proposal_id).lead_id
        )
    except LeadUnknownError as error:
        raise ProposalUnknownError(str(proposal_id)) from error
