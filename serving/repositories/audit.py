"""Reading and appending the audit. The only module that knows its table."""

from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import orjson
from pydantic import JsonValue
from sqlalchemy import ColumnElement, RowMapping, func, insert, select, text
from sqlalchemy.orm import Session

from features.event import Event
from governance.audit.chain import (
    BEGINNING,
    Action,
    AuditCause,
    AuditEntry,
    Head,
    Link,
    Subject,
    SubjectKind,
    as_kept,
    chained,
)
from governance.people.principal import Principal
from serving.database.engine import Lock, hold
from serving.database.tables import AuditRow, table_of
from serving.repositories.events import pair_of, stored_rows
from serving.repositories.principals import known_ids, principal_ids, principals_named
from serving.repositories.rows import as_value

T = TypeVar("T")
_PLACE = ("seq", "previous", "hash")
_TABLE = table_of(AuditRow)
_ROW = tuple(column.name for column in _TABLE.columns if column.name not in _PLACE)
_ROWS_AT_ONCE = 1_000
_LAST = select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)


@dataclass(frozen=True)  # no slots: its schema inherits it
class Who:
    """Who did it; without a name once it was forgotten."""

    kind: str
    id: UUID
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An entry of the audit, as it is shown."""

    seq: int
    id: UUID
    at: datetime
    who: Who
    means: str | None  # None: it was not kept then
    action: str
    subject: Subject
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None
    why: dict[str, JsonValue]
    cause: AuditCause
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSummary:
    """An entry as it is kept: its codes, and its facts as JSON."""

    at: datetime
    who: UUID
    action: str
    lead: UUID | None
    subject: str
    before: str | None
    after: str | None
    why: str


def append(session: Session, entries: Sequence[AuditEntry], now: datetime) -> None:
    """Add entries to the chain, each after its cause; call it last in a transaction.

    On PostgreSQL the chain's end is then locked until the transaction ends.
    """
    if not entries:
        return
    causes = _causes(session, entries)
    ids = principal_ids(session, set().union(*(e.principals for e in entries)))
    hold(session, Lock.AUDIT)
    links = chained(
        (entry.row(ids, causes[entry.id], now) for entry in entries), head(session)
    )
    session.execute(
        insert(_TABLE),
        [
            {**link.row, **{name: getattr(link, name) for name in _PLACE}}
            for link in links
        ],
    )


def hold_end(session: Session, by: Principal) -> None:
    """Let nobody else append until the transaction ends, in which `by` appends."""
    principal_ids(session, {by})  # first, as `append` does
    hold(session, Lock.AUDIT)


def _causes(
    session: Session, entries: Sequence[AuditEntry]
) -> Mapping[UUID, AuditCause]:
    """Where each of some new entries comes from; all of one call are correlated."""
    own = {entry.id for entry in entries}
    parents = {e.follows for e in entries if isinstance(e.follows, UUID)}
    pairs = {pair_of(e.follows) for e in entries if isinstance(e.follows, Event)}
    causes = _causes_of(session, parents - own)
    rows = stored_rows(session, pairs)
    correlation = uuid4()
    for entry in entries:
        cause = AuditCause(correlation=correlation)
        if isinstance(entry.follows, Event):
            cause = replace(cause, event=rows[pair_of(entry.follows)])
        elif parent := causes.get(entry.follows) if entry.follows else None:
            cause = AuditCause(
                correlation=parent.correlation,
                causation=entry.follows,
                depth=0 if entry.by.signs else parent.depth + 1,
            )
        causes[entry.id] = cause
    return causes


def head(session: Session) -> Head:
    """The last row of the chain."""
    row = session.execute(_LAST).one_or_none()
    return Head(0, BEGINNING) if row is None else Head(row.seq, row.hash)


def configuration_in_force(session: Session) -> dict[str, Any] | None:
    """The configuration as the last start that changed it left it; None: none did."""
    said = session.scalar(
        select(AuditRow.state_after)
        .where(text(f"action = '{Action.CONFIGURATION_CHANGED.value}'"))  # its index
        .order_by(AuditRow.seq.desc())
        .limit(1)
    )
    return None if said is None else dict(orjson.loads(said))


def last_of(session: Session, action: Action) -> dict[str, Any] | None:
    """What the last entry of an action says that it left; None: there is none."""
    said = session.scalar(
        select(AuditRow.state_after)
        .where(AuditRow.action == action.value)
        .order_by(AuditRow.seq.desc())
        .limit(1)
    )
    return None if said is None else dict(orjson.loads(said))


def every_seal(session: Session) -> list[dict[str, Any]]:
    """What each seal of the log says, the oldest first."""
    said = session.scalars(
        select(AuditRow.state_after)
        .where(text(f"action = '{Action.EVENTS_SEALED.value}'"))  # its index
        .order_by(AuditRow.seq)
    )
    return [dict(orjson.loads(each)) for each in said if each is not None]


def last_event_named(session: Session) -> int:
    """The last row of the log that causes or seals name, be it erased; 0: none."""
    named = session.scalar(select(func.max(AuditRow.event_id))) or 0
    return max(named, *(int(seal["last"]) for seal in every_seal(session)[-1:]), 0)


def last_seq(session: Session, action: Action) -> int:
    """The last row of an action; 0: there is none."""
    last = select(func.max(AuditRow.seq)).where(
        text(f"action = '{action.value}'")  # its index, if it has one
    )
    return session.scalar(last) or 0


def links_since(session: Session, seq: int) -> Generator[Link]:
    """The chain from a row on, in order, a thousand rows in memory at a time.

    Close it, if it isn't read to its end: the database's cursor is open meanwhile.
    """
    return _streamed(session, AuditRow.seq >= seq, _as_link)


def audit_summaries(
    session: Session, actions: Iterable[Action]
) -> Generator[AuditSummary]:
    """The entries of these actions, in order, a thousand in memory at a time.

    Close it, if it isn't read to its end.
    """
    return _streamed(session, AuditRow.action.in_(actions), _as_summary)


def _streamed(
    session: Session, which: ColumnElement[bool], convert: Callable[[RowMapping], T]
) -> Generator[T]:
    with session.execute(
        select(_TABLE).where(which).order_by(AuditRow.seq),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    ) as rows:
        yield from map(convert, rows.mappings())


def entries_since(
    session: Session, leads: Iterable[UUID], actions: Iterable[Action], since: datetime
) -> list[AuditSummary]:
    """The entries of these actions on some leads after an instant, in order."""
    rows = session.execute(
        select(_TABLE)
        .where(
            AuditRow.lead_id.in_([str(lead) for lead in leads]),
            AuditRow.action.in_(actions),
            AuditRow.at > as_kept(since),
        )
        .order_by(AuditRow.seq)
    )
    return [_as_summary(row) for row in rows.mappings()]


def last_entry(
    session: Session, lead: UUID, actions: Iterable[Action]
) -> AuditSummary | None:
    """The last entry of these actions on a lead."""
    rows = session.execute(
        select(_TABLE)
        .where(AuditRow.lead_id == str(lead), AuditRow.action.in_(actions))
        .order_by(AuditRow.seq.desc())
        .limit(1)
    )
    last = rows.mappings().one_or_none()
    return None if last is None else _as_summary(last)


def last_done(
    session: Session, doers: Iterable[Principal], actions: Iterable[Action]
) -> dict[Principal, datetime]:
    """When each of these last did one of these, of those that ever did."""
    ids = {str(id): doer for doer, id in known_ids(session, doers).items()}
    rows = session.execute(
        select(AuditRow.who_id, func.max(AuditRow.at).label("at"))
        .where(AuditRow.who_id.in_(list(ids)), AuditRow.action.in_(actions))
        .group_by(AuditRow.who_id)
    )
    return {ids[row.who_id]: datetime.fromisoformat(row.at) for row in rows}


def _causes_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, AuditCause]:
    """Where some entries come from, of those that are recorded."""
    wanted = [str(id) for id in ids]
    if not wanted:
        return {}
    rows = session.scalars(select(AuditRow).where(AuditRow.id.in_(wanted)))
    return {UUID(row.id): _cause(row) for row in rows}


def entries_about(session: Session, lead: UUID, limit: int) -> list[AuditRecord]:
    """The last `limit` entries on a lead, the oldest first, each after its causes.

    A cause further back, or on no lead, is there too.
    """
    about = select(AuditRow).where(AuditRow.lead_id == str(lead))
    latest = about.order_by(AuditRow.seq.desc()).limit(limit)
    rows = {row.id: row for row in session.scalars(latest)}
    while missing := {row.causation_id for row in rows.values()} - {None, *rows}:
        causes = session.scalars(select(AuditRow).where(AuditRow.id.in_(missing)))
        earlier = {row.id: row for row in causes}
        if not earlier:
            break
        rows |= earlier
    return _records(session, rows.values())


def entries_at(session: Session, lead: UUID, at: datetime) -> list[AuditRecord]:
    """The entries on a lead of one instant, in order."""
    rows = session.scalars(
        select(AuditRow).where(
            AuditRow.lead_id == str(lead), AuditRow.at == as_kept(at)
        )
    )
    return _records(session, rows.all())


def entries_on(session: Session, subject: Subject, limit: int) -> list[AuditRecord]:
    """The last `limit` entries of which this is the subject, the oldest first."""
    latest = (
        select(AuditRow)
        .where(
            AuditRow.subject_kind == subject.kind.value,
            AuditRow.subject_id == str(subject.id),
        )
        .order_by(AuditRow.seq.desc())
        .limit(limit)
    )
    return _records(session, session.scalars(latest).all())


def _records(session: Session, rows: Collection[AuditRow]) -> list[AuditRecord]:
    """Rows with the names of who did it, the oldest first."""
    known = principals_named(session, {UUID(row.who_id) for row in rows})
    return [
        _as_record(row, known.get(UUID(row.who_id)))
        for row in sorted(rows, key=lambda row: row.seq)
    ]


def _as_record(row: AuditRow, who: Principal | None) -> AuditRecord:
    return as_value(
        AuditRecord,
        row,
        id=UUID(row.id),
        at=datetime.fromisoformat(row.at),
        who=Who(row.who_kind, UUID(row.who_id), who.name if who else None),
        subject=Subject(SubjectKind(row.subject_kind), row.subject_id),
        before=orjson.loads(row.state_before or "null"),
        after=orjson.loads(row.state_after or "null"),
        why=orjson.loads(row.why),
        cause=_cause(row),
    )


def _cause(row: AuditRow) -> AuditCause:
    return AuditCause(
        correlation=UUID(row.correlation_id),
        causation=UUID(row.causation_id) if row.causation_id else None,
        event=row.event_id,
        depth=row.depth,
    )


def _as_summary(row: RowMapping) -> AuditSummary:
    return AuditSummary(
        at=datetime.fromisoformat(row["at"]),
        who=UUID(row["who_id"]),
        action=row["action"],
        lead=UUID(row["lead_id"]) if row["lead_id"] else None,
        subject=row["subject_id"],
        before=row["state_before"],
        after=row["state_after"],
        why=row["why"],
    )


def _as_link(row: RowMapping) -> Link:
    kept = {name: row[name] for name in _ROW}
    if kept["means"] is None:  # a row of before: it was hashed without
        del kept["means"]
    return Link(row=kept, **{name: row[name] for name in _PLACE})
