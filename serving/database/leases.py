"""Leases: one service of several does each job. Reads and writes the table `duty`."""

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
    RECONCILE = "reconcile"  # with VERIFY
    RETENTION = "retention"
    SCRUB = "scrub"  # the file was written anew, without what was erased before
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
    """Note that this minute's tick is done."""
    row = _row(session, Job.TICK)
    row.holder, row.held_until, row.done_at = None, None, now


def done_at(session: Session, job: Job) -> datetime | None:
    """The instant at which the job was last done."""
    return _row(session, job).done_at


def note_done(session: Session, job: Job, now: datetime) -> None:
    _row(session, job).done_at = now


def audit_break(session: Session) -> Break | None:
    """The break that was found when the whole audit was last verified."""
    noted = _row(session, Job.VERIFY).holder
    if noted is None:
        return None
    kind, _, seq = noted.partition(" ")
    return Break(BreakKind(kind), int(seq))


def note_audit_break(session: Session, broken: Break | None) -> None:
    noted = None if broken is None else f"{broken.kind.value} {broken.seq}"
    _row(session, Job.VERIFY).holder = noted


def faults_noted(session: Session) -> int:
    """How many faults there were when the tables were last held against the audit."""
    return int(_row(session, Job.RECONCILE).holder or 0)


def note_faults(session: Session, n_faults: int) -> None:
    _row(session, Job.RECONCILE).holder = str(n_faults)


def _row(session: Session, job: Job) -> DutyRow:
    hold(session, Lock.JOBS)
    row = session.scalar(select(DutyRow).where(DutyRow.name == job.value))
    if row is None:
        row = DutyRow(name=job.value)
        session.add(row)
        session.flush()
    return row


def _later(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant > now


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
