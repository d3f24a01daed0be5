"""Who read a lead, and when. The only module that knows the table."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from serving.database.tables import AccessRow
from serving.repositories.rows import as_value


class AccessKind(StrEnum):
    PAGE = "page"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    person: str
    what: AccessKind
    at: datetime


def add_access(session: Session, lead_uuid: UUID, access: Access) -> None:
    session.execute(
        insert(AccessRow).values(
            lead_id=lead_uuid,
            person=access.person,
            what=access.what.value,
            at=access.at,
        )
    )


def accesses_to(session: Session, lead_uuid: UUID, *, limit: int) -> list[Access]:
    """The latest first."""
    rows = session.scalars(
        select(AccessRow)
        .where(AccessRow.lead_id == lead_uuid)
        .order_by(AccessRow.id.desc())
        .limit(limit)
    )
    return [as_value(Access, row, what=AccessKind(row.what)) for row in rows]
