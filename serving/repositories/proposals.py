"""Reading and writing proposals. The only module that knows their table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlalchemy.orm import Session

from explanations.score import Priority
from governance.leads.state import LeadState, WaitingProposal
from governance.policy.actions import OpenProposal, ProposeConcession, ProposePriority
from governance.policy.effects import PROPOSAL_LASTS, CloseProposal, ProposalStatus
from serving.database.tables import LeadRow, ProposalRow, TaskRow
from serving.repositories.rows import as_value, columns_of

_IS_OPEN = ProposalRow.status == ProposalStatus.OPEN.value
_WAITING = (  # made once: to make a statement takes longer than to carry it out
    select(
        ProposalRow.lead_id,
        ProposalRow.id,
        ProposalRow.to_stage,
        ProposalRow.to_priority,
        ProposalRow.concession_percent,
        TaskRow.id,
    )
    .outerjoin(TaskRow, TaskRow.proposal_id == ProposalRow.id)
    .where(
        ProposalRow.lead_id.in_(bindparam("leads", expanding=True)),
        _IS_OPEN,
    )
    .order_by(ProposalRow.created_at, ProposalRow.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    id: UUID
    lead_id: str
    from_stage: str
    to_stage: str
    from_priority: Priority | None
    to_priority: Priority | None
    concession_percent: float | None
    clause: str
    reason: str | None
    asked_by: str
    status: ProposalStatus
    created_at: datetime
    expires_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None

    def is_over(self, now: datetime) -> bool:
        """Did its time go by undecided?"""
        is_open = self.status is ProposalStatus.OPEN
        return is_open and self.expires_at is not None and self.expires_at <= now


def add_proposal(
    session: Session,
    lead: LeadState,
    proposal: OpenProposal | ProposePriority | ProposeConcession,
    now: datetime,
) -> None:
    """A move is proposed, or a priority or a concession: then the stage stays."""
    change: dict[str, object] = {"from_stage": lead.stage, "to_stage": lead.stage}
    match proposal:
        case OpenProposal(origin=stage, to=to):
            change = {"from_stage": stage, "to_stage": to}
        case ProposePriority(origin=priority, to=to):
            change |= {"from_priority": priority, "to_priority": to}
        case ProposeConcession(percent=percent):
            change["concession_percent"] = percent
    columns = columns_of(
        ProposalRow,
        proposal,
        lead_id=lead.id,
        asked_by_kind=proposal.asked_by.kind,
        asked_by=proposal.asked_by.name,
        status=ProposalStatus.OPEN,
        created_at=now,
        expires_at=now + PROPOSAL_LASTS,
        **change,
    )
    session.execute(insert(ProposalRow).values(columns))


def end_proposal(session: Session, ending: CloseProposal, now: datetime) -> None:
    session.execute(
        update(ProposalRow)
        .where(ProposalRow.id == ending.proposal_id, _IS_OPEN)
        .values(
            status=ending.status.value,
            decided_by_kind=ending.by.kind.value,
            decided_by=ending.by.name,
            decided_at=now,
            decision_reason=ending.reason,
        )
    )


def waiting_proposals(
    session: Session, lead_uuids: Iterable[UUID]
) -> dict[UUID, tuple[WaitingProposal, ...]]:
    """The open proposals of some leads, by lead, the oldest first."""
    rows = session.execute(_WAITING, {"leads": list(lead_uuids)})
    waiting: dict[UUID, tuple[WaitingProposal, ...]] = {}
    for lead_uuid, proposal_id, stage, priority, percent, task_id in rows:
        proposal = WaitingProposal(
            proposal_id, priority or stage, task_id, priority is not None, percent
        )
        waiting[lead_uuid] = (*waiting.get(lead_uuid, ()), proposal)
    return waiting


def find_proposal(session: Session, proposal_id: UUID) -> Proposal | None:
    return next(iter(_selected(session, ProposalRow.id == proposal_id)), None)


def proposals_of(session: Session, lead_uuid: UUID) -> list[Proposal]:
    """The open proposals of a lead."""
    return _selected(session, ProposalRow.lead_id == lead_uuid, _IS_OPEN)


def expired_proposals(session: Session, now: datetime, *, limit: int) -> list[Proposal]:
    """Open proposals whose time is over."""
    return _selected(session, _IS_OPEN, ProposalRow.expires_at <= now)[:limit]


def all_proposals(
    session: Session, status: ProposalStatus | None = None
) -> list[Proposal]:
    return _selected(session, *([ProposalRow.status == status.value] if status else []))


def _selected(session: Session, *conditions: ColumnElement[bool]) -> list[Proposal]:
    rows = session.execute(
        select(ProposalRow, LeadRow.external_id)
        .join(LeadRow, LeadRow.id == ProposalRow.lead_id)
        .where(LeadRow.forgotten_at.is_(None), *conditions)
        .order_by(ProposalRow.created_at, ProposalRow.id)
    )
    return [
        as_value(
            Proposal,
            row,
            lead_id=lead_id,
            from_priority=row.from_priority and Priority(row.from_priority),
            to_priority=row.to_priority and Priority(row.to_priority),
            status=ProposalStatus(row.status),
        )
        for row, lead_id in rows
    ]
