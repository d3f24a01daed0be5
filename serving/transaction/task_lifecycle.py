"""A lead that comes to its end: what still waited for a person there ends with it."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from features.event import Event
from governance.audit.chain import SYSTEM
from governance.leads.state import LeadState, owner_told
from governance.policy.effects import (
    CloseProposal,
    Decide,
    Effect,
    EndTask,
    HandOverTask,
    ObserveMove,
    PlannedEffect,
    ProposalStatus,
)
from governance.policy.pipeline import Pipeline
from governance.policy.task import TaskKind
from governance.rules.actions import Assignees
from governance.rules.exception_cases import Cases
from serving.repositories.tasks import Task, tasks_of
from serving.transaction.plan import Plan, Seen


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
        and not _closes(before.stage, pipeline)
        and _closes(leads[name].stage, pipeline)
    ]
    return plan.with_effects(
        PlannedEffect(lead.lead_id, effect, follows=_move_of(lead, plan))
        for lead in ended
        for effect in _endings(lead, tasks_of(session, lead.id), plan)
    )


def _move_of(lead: LeadState, plan: Plan) -> UUID:
    """The move by which the plan brings the lead to its end."""
    effects = plan.effects_on(lead.lead_id)
    return next(e.id for e in effects if isinstance(e, Decide | ObserveMove))


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
        if task.proposal_id is None and task.id not in plan.ended:
            yield EndTask(task.id, TaskKind(task.kind))


def _closes(stage: str, pipeline: Pipeline) -> bool:
    known = pipeline.by_name.get(stage)  # None: it has left the file
    return known is not None and known.closes


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
    telling = (event for event in events if owner_told(event) == lead.owner)
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
