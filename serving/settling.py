"""A person's word on a priority does what tasks asked: those of doubts end with it."""

from sqlalchemy.orm import Session

from governance.decision import EndTask
from governance.exceptions import Cases
from governance.judgement import judges_priority
from governance.task import TaskKind
from serving.plans import Plan, Seen
from serving.tasks import tasks_of


def with_settled(session: Session, seen: Seen, plan: Plan, cases: Cases) -> Plan:
    """The plan, and the end of the open tasks that its word on a priority settles."""
    judged = sorted({one.lead_id for one in plan.arrivals if judges_priority(one)})
    return plan.with_effects(
        (name, EndTask(task_id=task.id, kind=TaskKind(task.kind)))
        for name in judged
        if name in seen.leads
        for task in tasks_of(session, seen.leads[name].id)
        if task.kind in cases.settled_kinds and not plan.ends_task(task.id)
    )
