"""A lead that goes to somebody else: its former owner's open tasks go with it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from governance.acting import Desk
from governance.decision import CloseProposal, CloseTask, Effect, EndTask, HandOverTask
from serving.lead_state import LeadState
from serving.plans import Plan, Seen
from serving.tasks import Task, tasks_of


def with_handovers(
    session: Session,
    seen: Seen,
    plan: Plan,
    leads: Mapping[str, LeadState],
    desk: Desk,
) -> Plan:
    """The plan, and the tasks that change hands because their lead did."""
    effects = [
        (name, effect)
        for name, before in seen.leads.items()
        if name in leads and leads[name].owner != before.owner
        for effect in _handovers(
            [
                task
                for task in tasks_of(session, before.id)
                if not _ends(task, plan.effects_on(name))
            ],
            {before.owner, desk.owner_of(before.owner)},
            desk.owner_of(leads[name].owner),
        )
    ]
    return replace(plan, effects=(*plan.effects, *effects)) if effects else plan


def _handovers(
    tasks: list[Task], former: set[str | None], to: str
) -> Iterator[HandOverTask]:
    """One that was escalated stays with the manager."""
    for task in tasks:
        if task.owner in former - {to} and task.escalated_at is None:
            yield HandOverTask(task_id=task.id, origin=task.owner, to=to)


def _ends(task: Task, planned: list[Effect]) -> bool:
    """Does the plan end the task, or the proposal that it calls for?"""
    return any(
        task.id == one.task_id
        if isinstance(one, CloseTask | EndTask)
        else isinstance(one, CloseProposal) and task.proposal_id == one.proposal_id
        for one in planned
    )
