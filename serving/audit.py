"""Reading and appending the audit. The only module that knows its table."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from governance.audit import BEGINNING, Cause, Entry, Head, Link, chained
from serving.database import Lock, hold
from serving.principals import principal_ids
from serving.tables import AuditRow

_PLACE = ("seq", "previous", "hash")
_TABLE = AuditRow.__table__
_ROW = tuple(column.name for column in _TABLE.columns if column.name not in _PLACE)
_ROWS_AT_ONCE = 1_000


def append(session: Session, entries: Sequence[Entry]) -> None:
    """Add entries to the chain, in order; call it last in a transaction.

    On PostgreSQL the chain's end is then locked until the transaction ends.
    """
    if not entries:
        return
    ids = principal_ids(session, set().union(*(e.principals for e in entries)))
    hold(session, Lock.AUDIT)
    links = chained((entry.row(ids) for entry in entries), head(session))
    session.execute(
        insert(AuditRow),
        [
            {**one.row, "seq": one.seq, "previous": one.previous, "hash": one.hash}
            for one in links
        ],
    )


def head(session: Session) -> Head:
    """The last row of the chain."""
    last = select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)
    row = session.execute(last).one_or_none()
    return Head(0, BEGINNING) if row is None else Head(row.seq, row.hash)


def links_since(session: Session, seq: int) -> Iterator[Link]:
    """The chain from a row on, in order, a thousand rows in memory at a time."""
    rows = session.execute(
        select(_TABLE).where(AuditRow.seq >= seq).order_by(AuditRow.seq),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    return (_as_link(dict(row)) for row in rows.mappings())


def causes_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, Cause]:
    """Where some entries come from, of those that are recorded."""
    rows = session.execute(
        select(
            AuditRow.id, AuditRow.correlation_id, AuditRow.event_id, AuditRow.depth
        ).where(AuditRow.id.in_([str(one) for one in ids]))
    )
    return {
        UUID(row.id): Cause(
            correlation=UUID(row.correlation_id), event=row.event_id, depth=row.depth
        )
        for row in rows
    }


def _as_link(row: dict[str, Any]) -> Link:
    return Link(
        seq=row["seq"],
        row={name: row[name] for name in _ROW},
        previous=row["previous"],
        hash=row["hash"],
    )
