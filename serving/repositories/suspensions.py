"""What people suspended. The only module that knows the table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from governance.audit.chain import Action
from governance.people.principal import Principal
from governance.policy.effects import Suspend
from serving.database.tables import SuspensionRow
from serving.repositories.events import own_words
from serving.repositories.rows import as_value, columns_of

_NOW = bindparam("now", type_=SuspensionRow.until.type)
_IN_FORCE: tuple[ColumnElement[bool], ...] = (
    SuspensionRow.ended_at.is_(None),
    SuspensionRow.begun_at <= _NOW,
    or_(SuspensionRow.until.is_(None), SuspensionRow.until > _NOW),
)
_SUSPENDED = select(SuspensionRow.lead_id, SuspensionRow.rule_id).where(*_IN_FORCE)


@dataclass(frozen=True, slots=True)
class Suspended:
    """What is suspended: leads by our own id, and rules."""

    leads: frozenset[UUID]
    rules: frozenset[str]


@dataclass(frozen=True, kw_only=True)  # no slots: its schema inherits it
class InForce:
    """A suspension that holds, as it is read; `until` None: until somebody ends it."""

    id: UUID
    by: str
    since: datetime
    until: datetime | None
    reason: str  # of the list
    words: str | None


def suspended(session: Session, now: datetime) -> Suspended:
    """All that is suspended: few rows, whatever the number of leads."""
    rows = session.execute(_SUSPENDED, {"now": now}).all()
    return Suspended(
        leads=frozenset(row.lead_id for row in rows if row.lead_id is not None),
        rules=frozenset(row.rule_id for row in rows if row.rule_id is not None),
    )


def suspended_rules(session: Session, now: datetime) -> frozenset[str]:
    """The rules that a person suspended."""
    return suspended(session, now).rules


def rule_suspensions(session: Session, now: datetime) -> dict[str, list[InForce]]:
    """What holds each rule that people suspended, the oldest first."""
    by_rule: dict[str, list[InForce]] = {}
    for row in _rows_in_force(session, SuspensionRow.rule_id.is_not(None), now):
        by_rule.setdefault(str(row.rule_id), []).append(_as_read(row))
    return by_rule


def lead_suspensions(session: Session, lead: UUID, now: datetime) -> list[InForce]:
    """What holds automation on a lead, the oldest first."""
    rows = _rows_in_force(session, SuspensionRow.lead_id == lead, now)
    if not rows:
        return []
    words = own_words(session, lead, Action.AUTOMATION_SUSPENDED.value)
    return [replace(_as_read(row), words=words.get(row.begun_at)) for row in rows]


def _rows_in_force(
    session: Session, which: ColumnElement[bool], now: datetime
) -> Sequence[SuspensionRow]:
    chosen = select(SuspensionRow).where(which, *_IN_FORCE)
    in_order = chosen.order_by(SuspensionRow.begun_at, SuspensionRow.id)
    return session.scalars(in_order, {"now": now}).all()


def _as_read(row: SuspensionRow) -> InForce:
    return as_value(InForce, row, by=row.begun_by, since=row.begun_at)


def add_suspension(
    session: Session,
    begun: Suspend,
    now: datetime,
    *,
    lead_uuid: UUID | None = None,
    rule_id: str | None = None,
) -> None:
    """Begin a suspension, on a lead or of a rule."""
    columns = columns_of(
        SuspensionRow,
        begun,
        lead_id=lead_uuid,
        rule_id=rule_id,
        begun_by=begun.signer.name,
        begun_at=now,
    )
    session.execute(insert(SuspensionRow).values(columns))


def end_suspensions(
    session: Session,
    by: Principal,
    now: datetime,
    *,
    lead_uuid: UUID | None = None,
    rule_id: str | None = None,
) -> None:
    """End those in force, on a lead or of a rule."""
    of_rule = SuspensionRow.rule_id == rule_id
    of_lead = SuspensionRow.lead_id == lead_uuid
    session.execute(
        update(SuspensionRow)
        .where(of_lead if rule_id is None else of_rule, *_IN_FORCE)
        .values(ended_by=by.name, ended_at=now),
        {"now": now},
    )
