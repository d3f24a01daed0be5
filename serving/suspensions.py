"""What people suspended, as it is in force. The only module that knows the table."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from serving.tables import SuspensionRow


def suspended_leads(
    session: Session, lead_uuids: Iterable[UUID], now: datetime
) -> frozenset[UUID]:
    """Those of the leads on which a person suspended automation."""
    rows = session.scalars(
        select(SuspensionRow.lead_id).where(
            SuspensionRow.lead_id.in_(list(lead_uuids)), *_in_force(now)
        )
    )
    return frozenset(row for row in rows if row is not None)


def suspended_rules(session: Session, now: datetime) -> frozenset[str]:
    """The rules that a person suspended."""
    rows = session.scalars(
        select(SuspensionRow.rule_id).where(
            SuspensionRow.rule_id.is_not(None), *_in_force(now)
        )
    )
    return frozenset(row for row in rows if row is not None)


def _in_force(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        SuspensionRow.ended_at.is_(None),
        SuspensionRow.begun_at <= now,
        or_(SuspensionRow.until.is_(None), SuspensionRow.until > now),
    )
