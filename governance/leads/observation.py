"""What an observation entails: what is recorded of the lead, and whom that calls. Pure.

An observation is a fact, never a decision: what is reserved for people and was done by
nobody known is to be confirmed, and what a person signed is never undone by it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from features.event import Event
from governance.leads.state import (
    LeadState,
    StageSeen,
    is_answered,
    is_to_confirm,
    stages_seen,
    state_after,
    tells_owner,
)
from governance.people.assurance import Assurance, vouched_of
from governance.people.principal import Means, Principal, PrincipalKind
from governance.policy.business_days import due_date
from governance.policy.effects import (
    CloseProposal,
    ObserveAgreement,
    ObserveMove,
    ObserveNoOwner,
    ObserveRemoval,
    PlannedEffect,
    ProposalStatus,
)
from governance.policy.pipeline import Pipeline
from governance.policy.removal import REMOVAL_KINDS, Removal, removal_told
from governance.policy.task import ExpectedAction, OpenTask, TaskKind
from governance.rules.actions import Assignees


@dataclass(frozen=True, slots=True, kw_only=True)
class Arbitration:
    """Who is asked about what was seen, and in how many working days; of what occurred
    by `history_until`, nobody is."""

    assignees: Assignees
    working_days: int
    now: datetime
    history_until: datetime | None = None

    def task(self, lead: LeadState, kind: TaskKind) -> OpenTask:
        return OpenTask(
            id=uuid4(),
            kind=kind,
            owner=self.assignees.owner_of(lead.owner),
            expected=ExpectedAction.ARBITRATE,
            due_on=due_date(self.now, self.working_days),
        )


def entailed(
    arbitration: Arbitration, lead: LeadState, arrivals: Sequence[Event]
) -> list[PlannedEffect]:
    """What is observed of the lead's stage and owner, and whom that calls."""
    pipeline = arbitration.assignees.pipeline
    history_until = arbitration.history_until
    after = state_after(lead, arrivals, pipeline, history_until)
    seen = list(stages_seen(lead, arrivals, pipeline, history_until))
    observed = _observed(lead, after, seen)
    effects = [PlannedEffect(lead.lead_id, move, event) for move, event in observed]
    move_id = observed[0][0].id if observed else None
    closed: dict[UUID, CloseProposal] = {}
    for each in seen:
        waiting = each.after.proposal_to(each.after.stage)
        if waiting is not None and is_answered(each, pipeline):
            ending = _decided_elsewhere(waiting.id, each.event)
            closed.setdefault(waiting.id, ending)
    effects += [
        PlannedEffect(lead.lead_id, ending, move_id or proposal_id)
        for proposal_id, ending in closed.items()
    ]
    latest = max(arrivals, key=_occurred_at)
    effects += [
        PlannedEffect(lead.lead_id, arbitration.task(after, kind), move_id or latest)
        for kind in _calls(seen, lead, after, pipeline)
    ]
    effects += _of_removal(arbitration, lead, after, arrivals)
    if lead.observed_stage is not None and after.observed_stage is None:
        agreeing = next(e.event for e in reversed(seen) if e.ends_contradiction)
        agreed = ObserveAgreement(origin=lead.observed_stage, by=teller_of(agreeing))
        effects.append(PlannedEffect(lead.lead_id, agreed, agreeing))
    if lead.owner is not None and after.owner is None:
        teller = max(filter(tells_owner, arrivals), key=_occurred_at)
        gone = ObserveNoOwner(origin=lead.owner, by=teller_of(teller))
        effects.append(PlannedEffect(lead.lead_id, gone, teller))
    return effects


def _observed(
    lead: LeadState, after: LeadState, seen: Sequence[StageSeen]
) -> list[tuple[ObserveMove, Event]]:
    """That the lead is at another stage, that a key vouches for who brought it there,
    or that a person's word is contradicted; with the event that told so."""
    observed = []
    is_vouched = after.stage_assurance is Assurance.VOUCHED
    if lead.stage != after.stage or (
        (is_vouched and lead.stage_assurance is not Assurance.VOUCHED)
        or lead.vouched_stage != after.vouched_stage
    ):
        event = _telling(seen, after)
        observed.append((_move(lead.stage, after.stage, event, after), event))
    if after.observed_stage not in {None, lead.observed_stage}:
        event = next(each.event for each in reversed(seen) if each.contradicts)
        told = after.observed_stage or ""
        move = _move(after.stage, told, event, after)
        observed.append((replace(move, contradicts=True), event))
    return observed


def _of_removal(
    arbitration: Arbitration,
    lead: LeadState,
    after: LeadState,
    arrivals: Sequence[Event],
) -> Iterator[PlannedEffect]:
    """That the lead was removed or restored. If nobody known removed one whose stage a
    person signed, its owner is told."""
    if lead.removal is after.removal:
        return
    removal, event = _removal(arbitration, after, arrivals)
    removal = replace(removal, origin=lead.removal)
    yield PlannedEffect(lead.lead_id, removal, event)
    is_signed = lead.removal is None and after.stage_assurance is Assurance.SIGNED
    if is_signed and removal.assurance is Assurance.AUTOMATION:
        task = arbitration.task(after, TaskKind.DECISION_CONTRADICTED)
        yield PlannedEffect(lead.lead_id, task, removal.id)


def _removal(
    arbitration: Arbitration, after: LeadState, arrivals: Sequence[Event]
) -> tuple[ObserveRemoval, Event]:
    """What became of the lead, with the last event that told so."""
    telling = [event for event in arrivals if event.kind in REMOVAL_KINDS]
    event = max(telling, key=_occurred_at)
    if after.removal is Removal.MERGED:
        event = next(e for e in telling if removal_told(e) is Removal.MERGED)
    vouched, until = vouched_of(event), arbitration.history_until
    is_history = until is not None and event.occurred_at <= until
    assurance = Assurance.AUTOMATION if vouched is None else Assurance.VOUCHED
    removal = ObserveRemoval(
        id=uuid4(),
        origin=None,
        to=after.removal,
        actor=event.actor,
        by=teller_of(event),
        assurance=None if is_history else assurance,
        vouched=vouched,
    )
    return removal, event


def _telling(seen: Sequence[StageSeen], after: LeadState) -> Event:
    """The last event that brought the lead to where it is, as surely."""
    known = after.stage, after.stage_assurance
    return next(
        each.event
        for each in reversed(seen)
        if (each.after.stage, each.after.stage_assurance) == known
        and (each.before.stage, each.before.stage_assurance) != known
    )


def _move(origin: str, to: str, event: Event, after: LeadState) -> ObserveMove:
    vouched = vouched_of(event)
    assurance = Assurance.AUTOMATION if vouched is None else Assurance.VOUCHED
    return ObserveMove(
        id=uuid4(),
        origin=origin,
        to=to,
        actor=event.actor,
        by=teller_of(event),
        assurance=None if after.stage_assurance is None else assurance,
        vouched=vouched,
        vouched_stage=after.vouched_stage,
    )


def _calls(
    seen: Sequence[StageSeen], lead: LeadState, after: LeadState, pipeline: Pipeline
) -> Iterator[TaskKind]:
    """Why a person is called: one task of each kind is enough for all. Nobody is while
    the lead is removed; once it is restored, whoever would have been.

    A reserved stage is seen though the lead went on in the same call, unless a key
    vouches there for who brought it to where it is.
    """
    if after.removal is not None:
        return
    is_restored = lead.removal is not None
    is_answered = after.stage_assurance is Assurance.VOUCHED
    unknown = [
        each.after.stage
        for each in seen
        if is_to_confirm(each.after, pipeline) and each.has_moved
    ]
    is_unknown = any(not (is_answered and stage == after.stage) for stage in unknown)
    if is_unknown or (is_restored and is_to_confirm(after, pipeline)):
        yield TaskKind.RESERVED_MOVE_OBSERVED
    is_contradicted = is_restored or any(each.contradicts for each in seen)
    if after.observed_stage is not None and is_contradicted:
        yield TaskKind.DECISION_CONTRADICTED


def _occurred_at(event: Event) -> datetime:
    return event.occurred_at


def teller_of(event: Event) -> Principal:
    """Who told of an observation: its source."""
    return Principal(PrincipalKind.INTEGRATION, event.source, Means.API_KEY)


def _decided_elsewhere(proposal_id: UUID, move: Event) -> CloseProposal:
    return CloseProposal(
        proposal_id=proposal_id,
        status=ProposalStatus.DECIDED_IN_CRM,
        by=teller_of(move),
        reason=None,
    )
