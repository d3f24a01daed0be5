"""Reading and writing notices. The only module that knows their table."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from governance.people.roles import Visibility
from serving.database.tables import LeadRow, NoticeRow
from serving.repositories.leads import IS_OPEN, seen_leads
from serving.repositories.rows import as_value, columns_of


@dataclass(frozen=True, kw_only=True)  # no slots: its schema inherits it
class Notice:
    """What a rule told somebody of a lead."""

    id: UUID
    rule_id: str
    recipient: str
    text: str
    created_at: datetime


def add_notice(session: Session, lead_uuid: UUID, notice: Notice) -> None:
    columns = columns_of(NoticeRow, notice, lead_id=lead_uuid)
    session.execute(insert(NoticeRow).values(columns))


def notices_of(session: Session, lead_uuid: UUID, *, limit: int) -> list[Notice]:
    """The notices on a lead, the latest first."""
    rows = session.scalars(
        select(NoticeRow)
        .where(NoticeRow.lead_id == lead_uuid)
        .order_by(NoticeRow.created_at.desc(), NoticeRow.id)
        .limit(limit)
    )
    return [as_value(Notice, row) for row in rows]


def notices_to(
    session: Session,
    recipient: str,
    since: datetime,
    *,
    limit: int,
    visibility: Visibility,
) -> list[tuple[str, Notice]]:
    """What somebody was told since of open leads that they still see, the latest
    first, each with the lead's id."""
    rows = session.execute(
        select(LeadRow.external_id, NoticeRow)
        .join(LeadRow, LeadRow.id == NoticeRow.lead_id)
        .where(NoticeRow.recipient == recipient, NoticeRow.created_at >= since)
        .where(IS_OPEN, *seen_leads(visibility))
        .order_by(NoticeRow.created_at.desc(), NoticeRow.id)
        .limit(limit)
    )
    return [(lead_id, as_value(Notice, row)) for lead_id, row in rows]
