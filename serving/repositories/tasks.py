"""Reading and writing tasks. The only module that knows their table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlalchemy.orm import Session

from governance.people.roles import EVERYTHING, Visibility
from governance.policy.effects import CloseTask, EndTask, EscalateTask, HandOverTask
from governance.policy.task import OpenTask, TaskStatus
from serving.database.tables import LeadRow, TaskRow
from serving.repositories.leads import seen_leads
from serving.repositories.rows import as_value, columns_of

_IS_OPEN = TaskRow.status == TaskStatus.OPEN.value
_OPEN = select(TaskRow.lead_id, TaskRow.opened_by).where(  # made once, as in `standing`
    TaskRow.lead_id.in_(bindparam("leads", expanding=True)),
    _IS_OPEN,
    TaskRow.opened_by.is_not(None),
)


@dataclass(frozen=True, kw_only=True)  # no slots: its schema inherits it
class Task:
    id: UUID
    lead_id: str
    proposal_id: UUID | None
    kind: str
    owner: str
    expected: str
    due_on: date
    status: TaskStatus
    created_at: datetime
    closed_at: datetime | None
    why: str | None
    escalated_at: datetime | None


def write_task(
    session: Session,
    lead_uuid: UUID,
    effect: OpenTask | CloseTask | EndTask | EscalateTask | HandOverTask,
    now: datetime,
) -> None:
    """What becomes of a task of a lead.

    One that is escalated is still open; one that was, stays with the manager when its
    lead changes hands.
    """
    match effect:
        case OpenTask():
            add_task(session, lead_uuid, effect, now)
        case CloseTask(task_id=task_id, by=by, reason=reason):
            closed = {"closed_by": by.name, "close_reason": reason}
            _change(session, [TaskRow.id == task_id], _closed(now) | closed)
        case EndTask(task_id=task_id):
            _change(session, [TaskRow.id == task_id, _IS_OPEN], _closed(now))
        case EscalateTask(task_id=task_id, to=to):
            escalated = {"owner": to, "escalated_at": now}
            _change(session, [TaskRow.id == task_id, _IS_OPEN], escalated)
        case HandOverTask(task_id=task_id, origin=origin, to=to):
            which = [TaskRow.id == task_id, TaskRow.owner == origin]
            _change(session, which, {"owner": to})


def add_task(session: Session, lead_uuid: UUID, task: OpenTask, now: datetime) -> None:
    columns = columns_of(
        TaskRow,
        task,
        lead_id=lead_uuid,
        status=TaskStatus.OPEN,
        created_at=now,
        opened_by=task.opened_by,
    )
    session.execute(insert(TaskRow).values(columns))


def end_tasks_of(session: Session, proposal_id: UUID, now: datetime) -> list[UUID]:
    """Close the open tasks of a proposal; returns which they were."""
    which = [TaskRow.proposal_id == proposal_id, _IS_OPEN]
    return _change(session, which, _closed(now))


def _closed(now: datetime) -> dict[str, object]:
    return {"status": TaskStatus.CLOSED.value, "closed_at": now}


def _change(
    session: Session, which: list[ColumnElement[bool]], columns: dict[str, object]
) -> list[UUID]:
    change = update(TaskRow).where(*which).values(columns).returning(TaskRow.id)
    return list(session.scalars(change))


def find_task(session: Session, task_id: UUID) -> Task | None:
    return next(iter(_selected(session, TaskRow.id == task_id)), None)


def overdue_tasks(session: Session, today: date, *, limit: int) -> list[Task]:
    """Open tasks whose day is over, and that nobody was told of yet."""
    is_overdue = (TaskRow.due_on < today) & TaskRow.escalated_at.is_(None)
    return _selected(session, _IS_OPEN, is_overdue, limit=limit)


def open_tasks(
    session: Session, lead_uuids: Iterable[UUID]
) -> dict[UUID, frozenset[str]]:
    """The rules and the kinds of exception that have a task open, by lead."""
    rows = session.execute(_OPEN, {"leads": list(lead_uuids)})
    opened: dict[UUID, frozenset[str]] = {}
    for lead_uuid, opened_by in rows:
        opened[lead_uuid] = opened.get(lead_uuid, frozenset()) | {str(opened_by)}
    return opened


def tasks_of(session: Session, lead_uuid: UUID) -> list[Task]:
    """The open tasks of a lead, the most urgent first."""
    return _selected(session, TaskRow.lead_id == lead_uuid, _IS_OPEN)


def next_tasks(session: Session, lead_uuids: Iterable[UUID]) -> dict[str, Task]:
    """The most urgent open task of each of some leads, by the lead's external id."""
    tasks = _selected(session, TaskRow.lead_id.in_(list(lead_uuids)), _IS_OPEN)
    return {task.lead_id: task for task in reversed(tasks)}


def listed_tasks(
    session: Session,
    status: TaskStatus | None,
    owner: str | None,
    limit: int,
    visibility: Visibility = EVERYTHING,
) -> list[Task]:
    """The tasks on the leads that are seen, the most urgent first."""
    conditions = seen_leads(visibility)
    if status is not None:
        conditions.append(TaskRow.status == status.value)
    if owner is not None:
        conditions.append(TaskRow.owner == owner)
    return _selected(session, *conditions, limit=limit)


def _selected(
    session: Session, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[Task]:
    rows = session.execute(
        select(TaskRow, LeadRow.external_id)
        .join(LeadRow, LeadRow.id == TaskRow.lead_id)
        .where(*conditions)
        .order_by(TaskRow.due_on, TaskRow.created_at, TaskRow.id)
        .limit(limit)
    )
    return [
        as_value(Task, row, lead_id=lead_id, status=TaskStatus(row.status))
        for row, lead_id in rows
    ]
