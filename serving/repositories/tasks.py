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
from serving.repositories.rows import as_value

_OPEN = select(TaskRow.lead_id, TaskRow.opened_by).where(  # made once, as in `standing`
    TaskRow.lead_id.in_(bindparam("leads", expanding=True)),
    TaskRow.status == TaskStatus.OPEN.value,
    TaskRow.opened_by.is_not(None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """What becomes of a task of a lead."""
    match effect:
        case OpenTask():
            add_task(session, lead_uuid, effect, now)
        case CloseTask():
            close_task(session, effect, now)
        case EndTask(task_id=task_id):
            _end_tasks(session, TaskRow.id == task_id, now)
        case EscalateTask():
            escalate_task(session, effect, now)
        case HandOverTask():
            hand_over_task(session, effect)


def add_task(session: Session, lead_uuid: UUID, task: OpenTask, now: datetime) -> None:
    session.execute(
        insert(TaskRow).values(
            id=task.id,
            lead_id=lead_uuid,
            proposal_id=task.proposal_id,
            kind=task.kind.value,
            owner=task.owner,
            expected=task.expected.value,
            due_on=task.due_on,
            status=TaskStatus.OPEN.value,
            created_at=now,
            opened_by=task.opened_by,
            why=task.why,
        )
    )


def end_tasks_of(session: Session, proposal_id: UUID, now: datetime) -> list[UUID]:
    """Close the open tasks of a proposal; returns which they were."""
    return _end_tasks(session, TaskRow.proposal_id == proposal_id, now)


def _end_tasks(
    session: Session, which: ColumnElement[bool], now: datetime
) -> list[UUID]:
    ended = session.scalars(
        update(TaskRow)
        .where(which, TaskRow.status == TaskStatus.OPEN.value)
        .values(status=TaskStatus.CLOSED.value, closed_at=now)
        .returning(TaskRow.id)
    )
    return list(ended)


def close_task(session: Session, ending: CloseTask, now: datetime) -> None:
    session.execute(
        update(TaskRow)
        .where(TaskRow.id == ending.task_id)
        .values(
            status=TaskStatus.CLOSED.value,
            closed_at=now,
            closed_by=ending.by.name,
            close_reason=ending.reason,
        )
    )


def escalate_task(session: Session, escalated: EscalateTask, now: datetime) -> None:
    session.execute(
        update(TaskRow)
        .where(TaskRow.id == escalated.task_id, TaskRow.status == TaskStatus.OPEN.value)
        .values(owner=escalated.to, escalated_at=now)
    )


def hand_over_task(session: Session, handed: HandOverTask) -> None:
    """Unless it was escalated since: then it stays with the manager."""
    session.execute(
        update(TaskRow)
        .where(TaskRow.id == handed.task_id, TaskRow.owner == handed.origin)
        .values(owner=handed.to)
    )


def find_task(session: Session, task_id: UUID) -> Task | None:
    return next(iter(_selected(session, TaskRow.id == task_id)), None)


def overdue_tasks(session: Session, today: date, *, limit: int) -> list[Task]:
    """Open tasks whose day is over, and that nobody was told of yet."""
    return _selected(
        session,
        TaskRow.status == TaskStatus.OPEN.value,
        TaskRow.due_on < today,
        TaskRow.escalated_at.is_(None),
        limit=limit,
    )


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
    return _selected(session, TaskRow.lead_id == lead_uuid, TaskRow.status == "open")


def next_tasks(session: Session, lead_uuids: Iterable[UUID]) -> dict[str, Task]:
    """The most urgent open task of each of some leads, by the lead's external id."""
    open_ones = _selected(
        session,
        TaskRow.lead_id.in_(list(lead_uuids)),
        TaskRow.status == TaskStatus.OPEN.value,
    )
    return {task.lead_id: task for task in reversed(open_ones)}


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
        .order_by(TaskRow.due_on, TaskRow.created_at)
        .limit(limit)
    )
    return [_as_task(row, lead_id) for row, lead_id in rows]


def _as_task(row: TaskRow, lead_id: str) -> Task:
    return as_value(Task, row, lead_id=lead_id, status=TaskStatus(row.status))
