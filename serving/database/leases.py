"""Duties: what one service of several does at intervals. Knows their table alone."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.audit.chain import Break, BreakKind
from serving.database.engine import Lock, hold
from serving.database.tables import DutyRow


class Job(StrEnum):
    TICK = "tick"
    ANCHOR = "anchor"
    VERIFY = "verify"
    CLOCK = "clock"  # to say that it went back


def acquire(session: Session, holder: str, now: datetime, lasts: timedelta) -> bool:
    """Take this minute's tick, unless another service has it or has done it."""
    row = _row(session, Job.TICK)
    is_held = row.holder not in {None, holder} and _later(row.held_until, now)
    is_done = row.done_at is not None and _minute(row.done_at) >= _minute(now)
    if is_held or is_done:
        return False
    row.holder, row.held_until = holder, now + lasts
    return True


def release(session: Session, now: datetime) -> None:
    """This minute's tick is done."""
    row = _row(session, Job.TICK)
    row.holder, row.held_until, row.done_at = None, None, now


def done_at(session: Session, duty: Job) -> datetime | None:
    """When it was last done."""
    return _row(session, duty).done_at


def note_done(session: Session, duty: Job, now: datetime) -> None:
    _row(session, duty).done_at = now


def audit_break(session: Session) -> Break | None:
    """Where the audit was found broken the last time that it was verified whole."""
    found = _row(session, Job.VERIFY).holder
    if found is None:
        return None
    kind, _, seq = found.partition(" ")
    return Break(BreakKind(kind), int(seq))


def note_audit_break(session: Session, found: Break | None) -> None:
    told = None if found is None else f"{found.kind.value} {found.seq}"
    _row(session, Job.VERIFY).holder = told


def _row(session: Session, duty: Job) -> DutyRow:
    hold(session, Lock.DUTY)
    row = session.scalar(select(DutyRow).where(DutyRow.name == duty.value))
    if row is None:
        row = DutyRow(name=duty.value)
        session.add(row)
        session.flush()
    return row


def _later(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant > now


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
