"""A lead that goes to somebody else: its former owner's open tasks go with it."""

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from governance.acting import Desk
from governance.decision import HandOverTask
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
    return plan.with_effects(
        (name, effect)
        for name, before in seen.leads.items()
        if name in leads and leads[name].owner != before.owner
        for effect in _handovers(
            [one for one in tasks_of(session, before.id) if not _ends(one, plan)],
            {before.owner, desk.owner_of(before.owner)},
            desk.owner_of(leads[name].owner),
        )
    )


def _handovers(
    tasks: list[Task], former: set[str | None], to: str
) -> Iterator[HandOverTask]:
    """One that was escalated stays with the manager."""
    for task in tasks:
        if task.owner in former - {to} and task.escalated_at is None:
            yield HandOverTask(task_id=task.id, origin=task.owner, to=to)


def _ends(task: Task, plan: Plan) -> bool:
    """Does the plan end the task, or the proposal that it calls for?"""
    proposal = task.proposal_id
    return plan.ends_task(task.id) or (
        proposal is not None and plan.ends_proposal(proposal)
    )
