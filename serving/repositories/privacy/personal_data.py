"""What every table holds of a lead: to erase it, or to hand it out. And tombstones.

Decisions stay, on a lead of which nothing is left but its stage and its priority: the
tie to the person is what goes.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, Table, delete, insert, select, union, update
from sqlalchemy.orm import Session

from governance.audit.chain import Action
from governance.people.privacy import Tombstone
from serving.database.tables import (
    AccessRow,
    AuditRow,
    BreakGlassRow,
    CallRow,
    ConcessionRow,
    DecisionRow,
    EventRow,
    LeadRow,
    NoticeRow,
    ProposalRow,
    RequalificationRow,
    ScoreRow,
    StatementRow,
    SuspensionRow,
    TaskRow,
    TombstoneRow,
    table_of,
)
from serving.database.triggers import lifted
from serving.repositories.rows import as_value, batches, columns_of, every_row

_NAMELESS = "\x01"  # begins what stands for an id, as no id that is sent can
_KEPT = {"id", "external_id", "version", "stage", "priority", "created_at"}
_DECISIONS: tuple[type[Any], ...] = (DecisionRow, ConcessionRow, RequalificationRow)
# Of decisions and proposals; with a salt a digest of the audit tells what was guessed.
_WORDS = {"reason", "decision_reason", "salt"}
_TIES = {"id", "lead_id", "salt", "proposal_id", "skeleton", "merged_into"}
_JSON = {"data", "body", "automation"}
_GONE: tuple[type[Any], ...] = (
    ScoreRow,
    EventRow,
    NoticeRow,
    TaskRow,
    SuspensionRow,
    StatementRow,
)
_SINCE: dict[type[Any], Any] = {
    ScoreRow: ScoreRow.id,
    EventRow: EventRow.occurred_at,
    NoticeRow: NoticeRow.created_at,
    TaskRow: TaskRow.created_at,
    SuspensionRow: SuspensionRow.begun_at,
    StatementRow: StatementRow.stated_at,
    DecisionRow: DecisionRow.decided_at,
    ConcessionRow: ConcessionRow.decided_at,
    RequalificationRow: RequalificationRow.decided_at,
    ProposalRow: ProposalRow.created_at,
    AccessRow: AccessRow.at,
}


def erase_lead(session: Session, lead_uuid: UUID, lead_id: str, now: datetime) -> None:
    """Leave nothing of the person; the locks of decisions hold again at the end."""
    _erase_calls(session, lead_uuid, lead_id)
    touched: list[type[Any]] = [
        *_DECISIONS,
        *_GONE,
        LeadRow,
        ProposalRow,
        BreakGlassRow,
    ]
    with lifted(session, [row.__tablename__ for row in touched]):
        for row in _GONE:
            session.execute(delete(row).where(row.lead_id == lead_uuid))
        _erase_proposals(session, lead_uuid)
        _erase_emergencies(session, lead_uuid)
        for row in _DECISIONS:
            _blank(session, table_of(row), lead_uuid)
        columns = table_of(LeadRow).columns
        nothing = {c.name: None for c in columns if c.name not in _KEPT and c.nullable}
        session.execute(
            update(LeadRow)
            .where(LeadRow.id == lead_uuid)
            .values(
                nothing
                | {
                    "external_id": nameless(lead_uuid),
                    "version": LeadRow.version + 1,
                    "forgotten_at": now,
                }
            )
        )


def nameless(lead_uuid: UUID) -> str:
    """What stands in the place of the id of a lead that was forgotten."""
    return f"{_NAMELESS}{lead_uuid}"


def _erase_calls(session: Session, lead_uuid: UUID, lead_id: str) -> None:
    """Answers to calls on the lead. Those of before revision 0017 don't say on what:
    they lose their words, and stay made."""
    ids = union(
        select(TaskRow.id).where(TaskRow.lead_id == lead_uuid),
        select(ProposalRow.id).where(ProposalRow.lead_id == lead_uuid),
    )
    about = [lead_id, *(str(id) for id in session.scalars(ids))]
    named = orjson.dumps(lead_id).decode()
    concerned = CallRow.subject.in_(about) | CallRow.body.contains(
        named, autoescape=True
    )
    session.execute(delete(CallRow).where(concerned))
    wordless = {"body": None, "media_type": None}
    session.execute(update(CallRow).where(CallRow.subject.is_(None)).values(wordless))


def _erase_proposals(session: Session, lead_uuid: UUID) -> None:
    """One that was decided stays, without words: its decision names it."""
    decided = union(*(select(row.proposal_id) for row in _DECISIONS)).subquery()
    mine = ProposalRow.lead_id == lead_uuid
    is_decided = ProposalRow.id.in_(
        select(decided.c.proposal_id).where(decided.c.proposal_id.is_not(None))
    )
    session.execute(delete(ProposalRow).where(mine, ~is_decided))
    _blank(session, table_of(ProposalRow), lead_uuid)


def _erase_emergencies(session: Session, lead_uuid: UUID) -> None:
    """The words of emergency accesses on the lead; that there were some stays."""
    session.execute(
        update(BreakGlassRow)
        .where(BreakGlassRow.id.in_(_emergencies(session, lead_uuid)))
        .values(reason="", salt=None)
    )


def _emergencies(session: Session, lead_uuid: UUID) -> list[UUID]:
    """Emergency accesses on the lead: the audit alone says on what they were."""
    broken = session.scalars(
        select(AuditRow.subject_id).where(
            AuditRow.lead_id == str(lead_uuid),
            AuditRow.action == Action.GLASS_BROKEN.value,
        )
    )
    return [UUID(id) for id in broken]


def _blank(session: Session, table: Table, lead_uuid: UUID) -> None:
    words = {c.name: None for c in table.columns if c.name in _WORDS}
    if words:
        session.execute(update(table).where(table.c.lead_id == lead_uuid).values(words))


def rows_of_lead(session: Session, lead_uuid: UUID) -> dict[str, list[dict[str, Any]]]:
    """All rows on a lead, by table, the oldest first; columns as they are stored."""
    rows = {"lead": session.execute(_whole(LeadRow).where(LeadRow.id == lead_uuid))}
    others: list[type[Any]] = [*_GONE, *_DECISIONS, ProposalRow, AccessRow]
    for row in others:
        chosen = _whole(row).where(row.lead_id == lead_uuid).order_by(_SINCE[row])
        rows[row.__tablename__] = session.execute(chosen)
    rows["break_glass"] = session.execute(
        _whole(BreakGlassRow)
        .where(BreakGlassRow.id.in_(_emergencies(session, lead_uuid)))
        .order_by(BreakGlassRow.broken_at)
    )
    return {
        name: [_as_told(dict(each)) for each in found.mappings()]
        for name, found in rows.items()
    }


def _whole(row: type[Any]) -> Select[Any]:
    return select(table_of(row))


def _as_told(row: dict[str, Any]) -> dict[str, Any]:
    """Without what is only a tie of ours; JSON texts as what they say."""
    texts = {name: orjson.loads(row[name]) for name in _JSON if row.get(name)}
    return {name: row[name] for name in row if name not in _TIES} | texts


def add_tombstones(session: Session, tombstones: Iterable[Tombstone]) -> None:
    """Those that the store doesn't have yet."""
    by_hash = {tombstone.hash: tombstone for tombstone in tombstones}
    known = buried(session, by_hash)
    rows = [
        columns_of(TombstoneRow, tombstone)
        for hash, tombstone in by_hash.items()
        if hash not in known
    ]
    if rows:
        session.execute(insert(TombstoneRow), rows)


def stored_tombstones(session: Session) -> list[Tombstone]:
    return [as_value(Tombstone, row) for row in every_row(session, TombstoneRow)]


def buried(session: Session, hashes: Iterable[str]) -> frozenset[str]:
    """Those of some hashes that are of a lead which was forgotten, or of its looks."""
    return frozenset(
        hash
        for some in batches(hashes)
        for column in (TombstoneRow.hash, TombstoneRow.skeleton)
        for hash in session.scalars(select(column).where(column.in_(some)))
        if hash is not None
    )
