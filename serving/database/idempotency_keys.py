"""Calls with an Idempotency-Key, and their answers: the table `idempotent_call`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from serving.database.engine import Lock, hold
from serving.database.tables import CallRow

CUT_OFF = timedelta(minutes=1)  # a call without an answer for so long was cut off


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`caller` is a key's or a person's id; `fingerprint` is of all that was asked;
    `subject` the lead, the task or the proposal that its address names, or "".
    """

    caller: str
    key: str
    fingerprint: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResponse:
    status: int
    media_type: str | None
    body: bytes


class CallStatus(StrEnum):
    """Status of a call that was not answered before."""

    NEW = "new"
    UNDER_WAY = "under_way"
    OTHER = "other"  # the key came with another call


def begin(session: Session, call: Call, now: datetime) -> StoredResponse | CallStatus:
    """Begin a call, or give what it was answered before."""
    hold(session, Lock.CALLS)
    row = session.scalar(select(CallRow).where(*_is(call)))
    if row is None:
        session.add(
            CallRow(
                caller=call.caller,
                key=call.key,
                fingerprint=call.fingerprint,
                subject=call.subject,
                begun_at=now,
            )
        )
        return CallStatus.NEW
    if row.fingerprint != call.fingerprint:
        return CallStatus.OTHER
    if row.status is not None:
        body = (row.body or "").encode()
        return StoredResponse(status=row.status, media_type=row.media_type, body=body)
    if now - row.begun_at < CUT_OFF:
        return CallStatus.UNDER_WAY
    row.begun_at = now
    return CallStatus.NEW


def note_answer(session: Session, call: Call, answer: StoredResponse) -> None:
    session.execute(
        update(CallRow)
        .where(*_is(call))
        .values(
            status=answer.status,
            media_type=answer.media_type,
            body=answer.body.decode(),
        )
    )


def forget_call(session: Session, call: Call) -> None:
    """Forget a call that failed: it may be made again."""
    session.execute(delete(CallRow).where(*_is(call)))


def forget_calls(session: Session, before: datetime) -> None:
    session.execute(delete(CallRow).where(CallRow.begun_at < before))


def _is(call: Call) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return CallRow.caller == call.caller, CallRow.key == call.key
