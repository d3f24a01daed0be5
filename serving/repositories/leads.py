"""Leads as they are listed and looked up; `standing` has them for calls that write."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from explanations.score import Priority
from governance.leads.state import is_unconfirmed
from governance.people.privacy import PrivacyWishes
from governance.people.roles import EVERYTHING, Visibility
from governance.policy.pipeline import Pipeline
from serving.database.tables import LeadRow, StageRow
from serving.repositories.rows import as_value, batches

IS_KNOWN = LeadRow.forgotten_at.is_(None)


def has_objected(lead: type[LeadRow]) -> ColumnElement[bool]:
    is_taken_back = lead.accepted_at.is_not(None) & (
        lead.objected_at < lead.accepted_at
    )
    return lead.objected_at.is_not(None) & ~is_taken_back


HAS_OBJECTED = has_objected(LeadRow)
IS_OPEN = LeadRow.removal.is_(None) & LeadRow.stage.not_in(
    select(StageRow.name).where(StageRow.closes)
)
_BANDS = (Priority.HIGH, Priority.NORMAL, Priority.LOW)
_PRIORITY_RANK = case(
    (HAS_OBJECTED, 3),
    *((LeadRow.priority == band.value, rank) for rank, band in enumerate(_BANDS)),
    else_=3,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSummary:
    """One line of the list. Unscored leads have no priority, score or grade, nor has
    one that objects to being profiled, since `objected_at`."""

    id: UUID
    lead_id: str
    stage: str
    stage_at: datetime | None
    stage_assurance: str | None
    signed_stage: str | None
    vouched_stage: str | None
    observed_stage: str | None
    observed_at: datetime | None
    owner: str | None
    priority: str | None
    score: float | None
    grade: str | None
    short: str | None
    moment: datetime | None
    last_sign_at: datetime | None
    entered_at: datetime
    objected_at: datetime | None
    removal: str | None
    removed_at: datetime | None
    merged_into: UUID | None

    def is_to_confirm(self, pipeline: Pipeline) -> bool:
        """Is its stage reserved, and nobody known brought it there?"""
        return is_unconfirmed(self.stage, self.stage_assurance, pipeline)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFilter:
    """`search`: what the CRM's id or the owner's name contains. `silent_since`: from
    then on there was no sign of the lead, which had entered before."""

    search: str | None = None
    priority: Priority | None = None
    stage: str | None = None
    owner: str | None = None
    silent_since: datetime | None = None
    with_closed: bool = False
    visibility: Visibility = EVERYTHING


def listed_leads(
    session: Session, wanted: LeadFilter, *, limit: int, offset: int
) -> list[LeadSummary]:
    """The leads by priority, then by score, best first; unscored ones after them, and
    those that ended last."""
    open_first = [IS_OPEN.desc()] if wanted.with_closed else []
    order = (*open_first, _PRIORITY_RANK, LeadRow.score.desc(), LeadRow.external_id)
    rows = session.scalars(
        select(LeadRow)
        .where(*_conditions(wanted))
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    )
    return [_as_summary(row) for row in rows]


def count_leads(session: Session, wanted: LeadFilter) -> int:
    counted = select(func.count()).select_from(LeadRow).where(*_conditions(wanted))
    return session.scalar(counted) or 0


def owners_seen(session: Session, visibility: Visibility) -> list[str]:
    """Who owns the leads that are seen, by name."""
    owners = select(LeadRow.owner).where(
        LeadRow.owner.is_not(None), *seen_leads(visibility)
    )
    return sorted(filter(None, session.scalars(owners.distinct())))


def due_leads(
    session: Session, since: datetime, model_sha256: str | None, *, limit: int
) -> list[str]:
    """Open leads that no tick looked at since then; or, of those it did, that this
    model has not scored: another did, or none was loaded when the tick came."""
    is_due = LeadRow.looked_at.is_(None) | (LeadRow.looked_at < since)
    if model_sha256 is not None:
        is_due |= LeadRow.model_sha256.is_(None)
        is_due |= LeadRow.model_sha256 != model_sha256
        is_due |= LeadRow.moment < since
    due = session.scalars(
        select(LeadRow.external_id)
        .where(is_due, IS_OPEN, IS_KNOWN, ~HAS_OBJECTED)
        .order_by(LeadRow.looked_at, LeadRow.external_id)
        .limit(limit)
    )
    return list(due)


def stored_lead_ids(session: Session) -> frozenset[str]:
    return frozenset(session.scalars(select(LeadRow.external_id).where(IS_KNOWN)))


def stored_since(session: Session) -> dict[str, datetime]:
    """When each lead that is stored came."""
    since = select(LeadRow.external_id, LeadRow.created_at).where(IS_KNOWN)
    return {row.external_id: row.created_at for row in session.execute(since)}


def find_lead(session: Session, lead_id: str) -> LeadSummary | None:
    row = session.scalar(select(LeadRow).where(LeadRow.external_id == lead_id))
    return None if row is None else _as_summary(row)


def whole_of(session: Session, lead_id: str) -> list[str]:
    """All the leads that are one, by name: the one that stays first; none if there is
    no such lead."""
    asked = find_lead(session, lead_id)
    if asked is None:
        return []
    whole = asked.merged_into or asked.id
    parts = select(LeadRow.external_id).where(
        IS_KNOWN, (LeadRow.id == whole) | (LeadRow.merged_into == whole)
    )
    stays_first = (LeadRow.merged_into.is_not(None), LeadRow.external_id)
    return list(session.scalars(parts.order_by(*stays_first)))


def find_whole(session: Session, lead_id: str) -> LeadSummary | None:
    """The lead, or the one that it was merged into: whose it is counts for both."""
    names = whole_of(session, lead_id)
    return find_lead(session, names[0]) if names else None


def parts_of(session: Session, leads: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The leads that were merged into some, by these."""
    parts: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for some in batches(leads):
        of_some = LeadRow.merged_into.in_(some)
        rows = session.execute(select(LeadRow.id, LeadRow.merged_into).where(of_some))
        for part, whole in rows:
            if whole is not None:
                parts[whole].append(part)
    return parts


def name_of_lead(session: Session, lead_uuid: UUID | None) -> str | None:
    """The CRM's id of a lead; None: it was forgotten, or there is none."""
    if lead_uuid is None:
        return None
    known = select(LeadRow.external_id).where(LeadRow.id == lead_uuid, IS_KNOWN)
    return session.scalar(known)


def objected_among(session: Session, lead_ids: Iterable[str]) -> frozenset[str]:
    """Those of some leads that object to being profiled."""
    objecting = select(LeadRow.external_id).where(HAS_OBJECTED)
    return frozenset(
        lead_id
        for some in batches(lead_ids)
        for lead_id in session.scalars(objecting.where(LeadRow.external_id.in_(some)))
    )


def seen_among(
    session: Session, lead_ids: Iterable[str], visibility: Visibility
) -> frozenset[str]:
    """Those of some leads that are there and seen."""
    seen = select(LeadRow.external_id).where(*seen_leads(visibility))
    return frozenset(
        lead_id
        for some in batches(sorted(set(lead_ids)))
        for lead_id in session.scalars(seen.where(LeadRow.external_id.in_(some)))
    )


def seen_leads(visibility: Visibility) -> list[ColumnElement[bool]]:
    """The conditions on leads that a visibility sets; nobody sees a forgotten one."""
    if visibility.owners is None:
        return [IS_KNOWN]
    owned = LeadRow.owner.in_(visibility.owners)
    return [IS_KNOWN, owned | LeadRow.owner.is_(None) if visibility.unowned else owned]


def _conditions(wanted: LeadFilter) -> list[ColumnElement[bool]]:
    equal: Mapping[str, str | None] = {
        "priority": wanted.priority,
        "stage": wanted.stage,
        "owner": wanted.owner,
    }
    conditions = [
        getattr(LeadRow, column) == value
        for column, value in equal.items()
        if value is not None
    ]
    conditions += seen_leads(wanted.visibility)
    if wanted.priority is not None:
        conditions.append(~HAS_OBJECTED)
    if wanted.search is not None:
        found_in = (LeadRow.external_id, LeadRow.owner)
        contained = [c.icontains(wanted.search, autoescape=True) for c in found_in]
        conditions.append(or_(*contained))
    if wanted.silent_since is not None:
        since = (LeadRow.last_sign_at, LeadRow.entered_at, LeadRow.created_at)
        conditions.append(func.coalesce(*since) < wanted.silent_since)
    if not wanted.with_closed:
        conditions.append(IS_OPEN)
    return conditions


def _as_summary(row: LeadRow) -> LeadSummary:
    wishes = as_value(PrivacyWishes, row)
    return as_value(
        LeadSummary,
        row,
        lead_id=row.external_id,
        entered_at=row.entered_at or row.created_at,
        objected_at=wishes.objected_at if wishes.has_objected else None,
        priority=None if wishes.has_objected else row.priority,
    )
