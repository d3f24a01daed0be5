"""Reading and writing leads. The only module that knows their table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, insert, select, text, update
from sqlalchemy.orm import Session

from explanations.score import Priority, Score
from governance.person import EVERYTHING, Sight
from governance.history import History
from serving.database import POSTGRESQL
from serving.histories import history_of, history_text
from serving.lead_state import LeadState, WaitingProposal
from serving.proposals import waiting_proposals
from serving.suspensions import suspended_leads
from serving.tables import LeadRow, StageRow
from serving.tasks import open_tasks

_PRIORITY_RANK = case(
    {Priority.HIGH.value: 0, Priority.NORMAL.value: 1, Priority.LOW.value: 2},
    value=LeadRow.priority,
    else_=3,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSummary:
    """One line of the list. Unscored leads have no priority, score or grade."""

    id: UUID
    lead_id: str
    stage: str
    owner: str | None
    priority: str | None
    score: float | None
    grade: str | None
    short: str | None
    moment: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFilter:
    priority: Priority | None = None
    stage: str | None = None
    owner: str | None = None
    with_closed: bool = False
    sight: Sight = EVERYTHING


def lead_states(
    session: Session, lead_ids: Iterable[str], now: datetime
) -> dict[str, LeadState]:
    """The leads that are stored, by their external id; with what is open on them."""
    rows = session.scalars(
        select(LeadRow).where(LeadRow.external_id.in_(list(lead_ids)))
    ).all()
    uuids = [row.id for row in rows]
    waiting = waiting_proposals(session, uuids)
    tasks = open_tasks(session, uuids)
    suspended = suspended_leads(session, uuids, now)
    return {
        row.external_id: _as_state(
            row,
            waiting.get(row.id, ()),
            replace(
                history_of(row.automation),
                open_tasks=tasks.get(row.id, frozenset()),
                is_suspended=row.id in suspended,
            ),
        )
        for row in rows
    }


def lead_versions(session: Session, lead_ids: Iterable[str]) -> dict[str, int]:
    """The versions now, of the leads that are stored; locks their rows, in order."""
    rows = session.execute(
        select(LeadRow.external_id, LeadRow.version)
        .where(LeadRow.external_id.in_(list(lead_ids)))
        .order_by(LeadRow.external_id)
        .with_for_update()  # no effect on SQLite, whose writer is alone
    )
    return {row.external_id: row.version for row in rows}


def lock_every_lead(session: Session) -> None:
    """Be the only writer of leads until the transaction ends; call it first."""
    if session.get_bind().dialect.name == POSTGRESQL:  # SQLite's writer is alone
        session.execute(text("LOCK TABLE lead IN EXCLUSIVE MODE"))


def write_lead(
    session: Session, state: LeadState, score: Score | None, now: datetime
) -> None:
    """Write a lead's new state and, if there is one, its new score."""
    columns: dict[str, object] = {
        "version": state.version + 1,
        "stage": state.stage,
        "stage_at": state.stage_at,
        "owner": state.owner,
        "owner_at": state.owner_at,
        "priority": state.priority and state.priority.value,
        "band": state.band and state.band.value,
        "automation": history_text(state.history),
    }
    if score is not None:
        columns |= {
            "model_sha256": score.model.sha256,
            "score": score.score,
            "grade": score.grade.value,
            "short": score.narrative.short,
            "moment": score.moment,
        }
    if state.version:
        session.execute(update(LeadRow).where(LeadRow.id == state.id).values(columns))
    else:
        first = {"id": state.id, "external_id": state.lead_id, "created_at": now}
        session.execute(insert(LeadRow).values(first | columns))


def listed_leads(
    session: Session, wanted: LeadFilter, *, limit: int, offset: int
) -> list[LeadSummary]:
    """The leads by priority, then by score, best first; unscored ones last."""
    rows = session.scalars(
        select(LeadRow)
        .where(*_conditions(wanted))
        .order_by(_PRIORITY_RANK, LeadRow.score.desc(), LeadRow.external_id)
        .limit(limit)
        .offset(offset)
    )
    return [_as_summary(row) for row in rows]


def count_leads(session: Session, wanted: LeadFilter) -> int:
    counted = select(func.count()).select_from(LeadRow).where(*_conditions(wanted))
    return session.scalar(counted) or 0


def stored_lead_ids(session: Session) -> frozenset[str]:
    return frozenset(session.scalars(select(LeadRow.external_id)))


def find_lead(session: Session, lead_id: str) -> LeadSummary | None:
    row = session.scalar(select(LeadRow).where(LeadRow.external_id == lead_id))
    return None if row is None else _as_summary(row)


def seen_leads(sight: Sight) -> list[ColumnElement[bool]]:
    """The conditions on leads that a sight sets."""
    if sight.owners is None:
        return []
    owned = LeadRow.owner.in_(sight.owners)
    return [owned | LeadRow.owner.is_(None) if sight.unowned else owned]


def _conditions(wanted: LeadFilter) -> list[ColumnElement[bool]]:
    given: Mapping[str, str | None] = {
        "priority": wanted.priority,
        "stage": wanted.stage,
        "owner": wanted.owner,
    }
    conditions = [
        getattr(LeadRow, column) == value
        for column, value in given.items()
        if value is not None
    ]
    conditions += seen_leads(wanted.sight)
    if not wanted.with_closed:
        closed = select(StageRow.name).where(StageRow.closes)
        conditions.append(LeadRow.stage.not_in(closed))
    return conditions


def _as_state(
    row: LeadRow, waiting: tuple[WaitingProposal, ...], history: History
) -> LeadState:
    return LeadState(
        id=row.id,
        lead_id=row.external_id,
        version=row.version,
        stage=row.stage,
        stage_at=row.stage_at,
        owner=row.owner,
        owner_at=row.owner_at,
        priority=None if row.priority is None else Priority(row.priority),
        band=None if row.band is None else Priority(row.band),
        history=replace(history, waiting_moves=frozenset(one.to for one in waiting)),
        waiting=waiting,
    )


def _as_summary(row: LeadRow) -> LeadSummary:
    return LeadSummary(
        id=row.id,
        lead_id=row.external_id,
        stage=row.stage,
        owner=row.owner,
        priority=row.priority,
        score=row.score,
        grade=row.grade,
        short=row.short,
        moment=row.moment,
    )
