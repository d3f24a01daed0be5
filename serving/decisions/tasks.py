"""Closing of tasks by people; the first one wins."""

from datetime import datetime
from uuid import UUID

from governance.leads.state import LeadState
from governance.policy.effects import CloseTask, PlannedEffect
from governance.policy.task import EXCEPTION_KINDS, TaskStatus
from serving.auth.visibility import require_visible
from serving.database.engine import Store
from serving.decisions.guarded_request import change_lead
from serving.errors import (
    LeadUnknownError,
    TaskAwaitsDecisionError,
    TaskClosedError,
    TaskUnknownError,
)
from serving.repositories.persons import Person
from serving.repositories.tasks import Task, find_task
from serving.runtime.service import Service
from serving.transaction.plan import Plan


def close_task(
    service: Service, task_id: UUID, person: Person, reason: str | None, now: datetime
) -> None:
    """Close a task on a lead that the person sees; if it was an exception, automation
    on the lead goes on.

    Raises
    ------
    TaskUnknownError, TaskClosedError
        If there is no such task, or somebody closed it before.
    TaskAwaitsDecisionError
        If it calls for the decision of a proposal.
    """
    task = known_task(service.store, task_id)
    try:
        require_visible(service.store, person, task.lead_id)
    except LeadUnknownError as error:
        raise TaskUnknownError(str(task_id)) from error
    ending = CloseTask(task_id=task_id, by=person.principal, reason=reason)

    def plan(lead: LeadState) -> Plan:
        _refuse_closed(known_task(service.store, task_id))
        return Plan(effects=(PlannedEffect(lead.lead_id, ending, follows=task_id),))

    change_lead(service, task.lead_id, plan, now)
    if task.kind in EXCEPTION_KINDS:  # what it held back follows at once
        again = Plan(rescored=frozenset({task.lead_id}))
        change_lead(service, task.lead_id, lambda _: again, now)


def known_task(store: Store, task_id: UUID) -> Task:
    """The task; raises TaskUnknownError."""
    with store.reading() as session:
        task = find_task(session, task_id)
    if task is None:
        raise TaskUnknownError(str(task_id))
    return task


def _refuse_closed(task: Task) -> None:
    if task.status is TaskStatus.CLOSED:
        raise TaskClosedError
    if task.proposal_id is not None:
        raise TaskAwaitsDecisionError
