"""What waits for a person on a lead: ended by the lead's end, or by a person's answer.

A lead that is at its end by a machine's word alone ends nothing: what waited for a
person waits on.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from features.event import Event
from governance.audit.chain import SYSTEM
from governance.leads.state import (
    LeadState,
    is_at_rest,
    is_to_confirm,
    owner_told,
    tells_owner,
)
from governance.people.assurance import Assurance
from governance.policy.effects import (
    CloseProposal,
    Decide,
    Effect,
    EndTask,
    HandOverTask,
    ObserveMove,
    ObserveRemoval,
    PlannedEffect,
    ProposalStatus,
)
from governance.policy.pipeline import Pipeline
from governance.policy.task import STAYING_KINDS, TaskKind
from governance.rules.actions import Assignees
from governance.rules.exception_cases import Cases
from serving.repositories.tasks import Task, tasks_of
from serving.transaction.plan import Plan, Seen

_ASKING = frozenset(  # a person is asked about what was seen elsewhere
    {TaskKind.RESERVED_MOVE_OBSERVED.value, TaskKind.DECISION_CONTRADICTED.value}
)


def with_endings(
    session: Session,
    seen: Seen,
    plan: Plan,
    leads: Mapping[str, LeadState],
    pipeline: Pipeline,
) -> Plan:
    """The plan, and the end of what is open on the leads that it closes.

    A task that the plan itself opens stays: a reserved move seen in the CRM is for a
    person to look at, though it closed the lead.
    """
    ended = [
        before
        for name, before in seen.leads.items()
        if name in leads
        and not is_at_rest(before, pipeline)
        and is_at_rest(leads[name], pipeline)
    ]
    return plan.with_effects(
        PlannedEffect(lead.lead_id, effect, follows=_move_of(lead, plan))
        for lead in ended
        for effect in _endings(lead, tasks_of(session, lead.id), plan)
    )


def with_objections(
    session: Session, seen: Seen, plan: Plan, leads: Mapping[str, LeadState]
) -> Plan:
    """The plan, and the end of the tasks that automation opened on leads which begin to
    object, by a merger too; what waits for a person's decision stays."""
    return plan.with_effects(
        PlannedEffect(name, EndTask(task.id, TaskKind(task.kind)), follows=event)
        for name, before in seen.leads.items()
        if name in leads
        and leads[name].wishes.has_objected
        and not before.wishes.has_objected
        for event in (plan.arrivals_of(name) or plan.arrivals)[-1:]
        for task in tasks_of(session, before.id)
        if task.proposal_id is None and task.id not in plan.ended
    )


def _move_of(lead: LeadState, plan: Plan) -> UUID | None:
    """The removal, or the move by which the plan changes what is known of the lead's
    stage."""
    effects = plan.effects_on(lead.lead_id)
    for effect in effects:
        if isinstance(effect, ObserveRemoval):
            return effect.id
    moves = (e.id for e in effects if isinstance(e, Decide | ObserveMove))
    return next(moves, None)


def _endings(lead: LeadState, tasks: list[Task], plan: Plan) -> Iterator[Effect]:
    """A proposal's tasks end with it; what the plan ends already ends once."""
    for waiting in lead.waiting:
        if waiting.id not in plan.ended:
            yield CloseProposal(
                proposal_id=waiting.id,
                status=ProposalStatus.EXPIRED,
                by=SYSTEM,
                reason=None,
            )
    for task in tasks:
        stays = task.proposal_id is not None or task.kind in STAYING_KINDS
        if not stays and task.id not in plan.ended:
            yield EndTask(task.id, TaskKind(task.kind))


def with_answers(
    session: Session,
    seen: Seen,
    plan: Plan,
    leads: Mapping[str, LeadState],
    pipeline: Pipeline,
) -> Plan:
    """The plan, and the end of the tasks that asked about what was seen elsewhere: a
    person signed since, or a key vouched for who did it, or the CRM agrees again."""
    answered = [
        before
        for name, before in seen.leads.items()
        if name in leads
        and _asks(before, pipeline)
        and not _asks(leads[name], pipeline)
        and leads[name].stage_assurance in {Assurance.SIGNED, Assurance.VOUCHED}
    ]
    return plan.with_effects(
        PlannedEffect(
            lead.lead_id,
            EndTask(task.id, TaskKind(task.kind)),
            follows=_move_of(lead, plan) or plan.arrivals_of(lead.lead_id)[-1],
        )
        for lead in answered
        for task in tasks_of(session, lead.id)
        if task.kind in _ASKING and task.id not in plan.ended
    )


def _asks(lead: LeadState, pipeline: Pipeline) -> bool:
    is_seen = is_to_confirm(lead, pipeline) or lead.observed_stage is not None
    is_signed = lead.stage_assurance is Assurance.SIGNED
    return is_seen or (is_signed and lead.removal is not None)


def with_handovers(
    session: Session,
    seen: Seen,
    plan: Plan,
    leads: Mapping[str, LeadState],
    assignees: Assignees,
) -> Plan:
    """The plan, and the tasks that change hands because their lead did."""
    return plan.with_effects(
        PlannedEffect(name, effect, follows=_told_owner(plan, leads[name]))
        for name, before in seen.leads.items()
        if name in leads and leads[name].owner != before.owner
        for effect in _handovers(
            [  # that neither end, nor call for a proposal that does
                task
                for task in tasks_of(session, before.id)
                if plan.ended.isdisjoint({task.id, task.proposal_id})
            ],
            {before.owner, assignees.owner_of(before.owner)},
            assignees.owner_of(leads[name].owner),
        )
    )


def _told_owner(plan: Plan, lead: LeadState) -> Event:
    """The event that told the lead's owner as it now is."""
    events = plan.arrivals_of(lead.lead_id)
    telling = (
        event
        for event in events
        if tells_owner(event) and owner_told(event) == lead.owner
    )
    return max(telling, key=lambda event: event.occurred_at)


def _handovers(
    tasks: list[Task], former: set[str | None], to: str
) -> Iterator[HandOverTask]:
    """One that was escalated stays with the manager."""
    for task in tasks:
        if task.owner in former - {to} and task.escalated_at is None:
            yield HandOverTask(task_id=task.id, origin=task.owner, to=to)


def with_settled(session: Session, seen: Seen, plan: Plan, cases: Cases) -> Plan:
    """The plan, and the end of the open tasks that its word on a priority settles."""
    return plan.with_effects(
        PlannedEffect(name, EndTask(task.id, TaskKind(task.kind)), follows=word)
        for name, word in plan.settled_by.items()
        for task in tasks_of(session, seen.leads[name].id)
        if task.kind in cases.settled_kinds and task.id not in plan.ended
    )
