"""What people suspended. The only module that knows the table."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from governance.decision import Suspend
from governance.principal import Principal
from serving.tables import SuspensionRow

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


def add_suspension(
    session: Session,
    begun: Suspend,
    now: datetime,
    *,
    lead_uuid: UUID | None = None,
    rule_id: str | None = None,
) -> None:
    """Begin a suspension, on a lead or of a rule."""
    session.execute(
        insert(SuspensionRow).values(
            id=begun.id,
            lead_id=lead_uuid,
            rule_id=rule_id,
            until=begun.until,
            reason=begun.reason,
            words=begun.words,
            begun_by=begun.signer.name,
            begun_at=now,
        )
    )


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
