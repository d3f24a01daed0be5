"""What has been kept for long enough, in several tables."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from governance.audit.chain import Action, as_kept
from serving.database.tables import (
    AccessRow,
    AuditRow,
    LeadRow,
    NoticeRow,
    PassRow,
    ScoreRow,
)
from serving.repositories.leads import IS_KNOWN
from serving.repositories.rows import batches

# Rows of the audit that tell of no change.
_NOTHING_DONE = (
    Action.ECHO_SEEN.value,
    Action.RULE_STOPPED.value,
    Action.PRIORITY_KEPT.value,
)


def stale_prospects(
    session: Session, before: datetime, won: str, *, limit: int
) -> list[str]:
    """Leads that weren't won, whose last contact that came from them was before: the
    oldest first."""
    part, whole = aliased(LeadRow), aliased(LeadRow)
    forgotten = select(whole.id).where(
        whole.id == LeadRow.merged_into, whole.forgotten_at.is_not(None)
    )
    won_part = select(part.id).where(part.merged_into == LeadRow.id, part.stage == won)
    contact = func.coalesce(
        LeadRow.last_sign_at, LeadRow.entered_at, LeadRow.created_at
    )
    rows = session.scalars(
        select(LeadRow.external_id)
        .where(
            IS_KNOWN,
            # Else it goes with the other.
            LeadRow.merged_into.is_(None) | forgotten.exists(),
            contact < before,
            LeadRow.stage != won,
            ~won_part.exists(),
        )
        .order_by(contact)
        .limit(limit)
    )
    return list(rows)


def prune_scores(session: Session, before: datetime, *, limit: int) -> int:
    """Empty the bodies of scores that explain nothing that was done; returns how many.

    One explains what the audit tells of the lead from when it was written until the
    next. Each is looked at once; a lead's latest stays as it is.
    """
    latest = (
        select(func.max(ScoreRow.id))
        .where(ScoreRow.lead_id == LeadRow.id)
        .correlate(LeadRow)
        .scalar_subquery()
    )
    due = session.execute(
        select(ScoreRow.id, ScoreRow.lead_id)
        .join(LeadRow, LeadRow.id == ScoreRow.lead_id)
        .where(
            ScoreRow.explains.is_(None),
            ScoreRow.written_at < before,
            ScoreRow.id < latest,
        )
        .order_by(ScoreRow.written_at)
        .limit(limit)
    ).all()
    by_lead: dict[UUID, set[int]] = {}
    for score, lead in due:
        by_lead.setdefault(lead, set()).add(score)
    used = {
        score
        for lead, scores in by_lead.items()
        for score in _explaining(session, lead) & scores
    }
    idle = {score for score, _ in due} - used
    _set(session, used, {"explains": True})
    _set(session, idle, {"explains": False, "body": ""})
    return len(idle)


def _explaining(session: Session, lead: UUID) -> set[int]:
    """The scores of a lead that stood when something was done there."""
    scores = session.execute(
        select(ScoreRow.id, ScoreRow.written_at)
        .where(ScoreRow.lead_id == lead)
        .order_by(ScoreRow.id)
    ).all()
    instants = session.scalars(
        select(AuditRow.at)
        .where(AuditRow.lead_id == str(lead), AuditRow.action.not_in(_NOTHING_DONE))
        .order_by(AuditRow.at)
    ).all()
    standing, place, found = None, 0, set()
    for at in instants:
        while place < len(scores) and as_kept(scores[place].written_at) <= at:
            standing = scores[place].id
            place += 1
        if standing is not None:
            found.add(standing)
    return found


def _set(session: Session, scores: Iterable[int], values: dict[str, object]) -> None:
    for some in batches(sorted(scores)):
        session.execute(update(ScoreRow).where(ScoreRow.id.in_(some)).values(values))


def drop_notices(session: Session, before: datetime) -> int:
    return _drop(session, NoticeRow, NoticeRow.created_at < before)


def drop_passes(session: Session, before: datetime) -> int:
    """Sessions and tokens that ended."""
    ended = func.coalesce(PassRow.ended_at, PassRow.expires_at)
    return _drop(session, PassRow, ended < before)


def drop_accesses(session: Session, before: datetime) -> int:
    return _drop(session, AccessRow, AccessRow.at < before)


def _drop(session: Session, row: type[Any], which: ColumnElement[bool]) -> int:
    dropped = session.execute(delete(row).where(which))
    assert isinstance(dropped, CursorResult)
    return dropped.rowcount
