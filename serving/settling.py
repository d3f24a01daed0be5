"""A person's word on a priority does what tasks asked: those of doubts end with it."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy.orm import Session

from governance.decision import CloseTask, EndTask
from governance.exceptions import Cases
from governance.judgement import judges_priority
from governance.task import TaskKind
from serving.plans import Plan, Seen
from serving.tasks import tasks_of


def with_settled(session: Session, seen: Seen, plan: Plan, cases: Cases) -> Plan:
    """The plan, and the end of the open tasks that its word on a priority settles."""
    judged = sorted({one.lead_id for one in plan.arrivals if judges_priority(one)})
    effects = [
        (name, ending)
        for name in judged
        if name in seen.leads
        for ending in _settled(session, seen, plan, name, cases.settled_kinds)
    ]
    return replace(plan, effects=(*plan.effects, *effects)) if effects else plan


def _settled(
    session: Session, seen: Seen, plan: Plan, name: str, kinds: frozenset[TaskKind]
) -> Iterator[EndTask]:
    planned = plan.effects_on(name)
    ended = {one.task_id for one in planned if isinstance(one, CloseTask | EndTask)}
    for task in tasks_of(session, seen.leads[name].id):
        if task.kind in kinds and task.id not in ended:
            yield EndTask(task_id=task.id, kind=TaskKind(task.kind))
