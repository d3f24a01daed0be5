"""Counting wrong passwords by account and address. The only module that knows them."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from serving.database.tables import SignInTryRow

# Of an account, from all addresses that never succeeded: OWASP ASVS 2.2.1.
STRANGERS_TRIES, STRANGERS_HOUR = 100, timedelta(hours=1)
# An address tells where somebody is. One from which nobody signed in is of use for an
# hour; a known one for as long as its owner comes back from there.
KNOWN_KEPT = timedelta(days=30)


def count_try(
    session: Session,
    person_id: UUID,
    address: str,
    now: datetime,
    *,
    allowed: int,
    locked_for: timedelta,
) -> int | None:
    """Count a try before it is judged, so that many at once are no more tries.

    Returns which one it is since the last success from there; None if the account is
    locked for that address. Each `allowed` tries lock it there, unless one succeeds.
    """
    row = session.get(SignInTryRow, (person_id, address), with_for_update=True)
    if row is None:
        row = SignInTryRow(
            person_id=person_id,
            address=address,
            failures=0,
            locked_until=None,
            known=False,
            tried_at=now,
        )
        session.add(row)
    is_locked = row.locked_until is not None and row.locked_until > now
    if is_locked or (not row.known and _strangers(session, person_id, now)):
        return None
    row.failures, row.tried_at = row.failures + 1, now
    is_last = row.failures % allowed == 0
    row.locked_until = now + locked_for if is_last else None
    return row.failures


def _strangers(session: Session, person_id: UUID, now: datetime) -> bool:
    """Were there too many tries from unknown addresses within the hour?"""
    session.flush()
    tried = session.scalar(
        select(func.sum(SignInTryRow.failures)).where(
            SignInTryRow.person_id == person_id,
            SignInTryRow.known.is_(False),
            SignInTryRow.tried_at > now - STRANGERS_HOUR,
        )
    )
    return (tried or 0) >= STRANGERS_TRIES


def note_success(session: Session, person_id: UUID, address: str) -> None:
    """The address is known from now on, and begins again at no failure."""
    which = SignInTryRow.person_id == person_id, SignInTryRow.address == address
    session.execute(
        update(SignInTryRow)
        .where(*which)
        .values(failures=0, locked_until=None, known=True)
    )


def forget_tries(session: Session, now: datetime) -> None:
    """Forget the addresses that are of no more use; no lock lasts as long."""
    tried_at, is_stranger = SignInTryRow.tried_at, SignInTryRow.known.is_(False)
    session.execute(
        delete(SignInTryRow).where(
            (is_stranger & (tried_at <= now - STRANGERS_HOUR))
            | (tried_at <= now - KNOWN_KEPT)
        )
    )


def uncount_try(session: Session, person_id: UUID, address: str) -> None:
    """Take the last try back: it was no failure."""
    row = session.get(SignInTryRow, (person_id, address), with_for_update=True)
    if row is not None and row.failures:
        row.failures, row.locked_until = row.failures - 1, None


def unlock(session: Session, person_id: UUID) -> None:
    """Forget the tries on an account; the addresses that are known stay so."""
    mine = SignInTryRow.person_id == person_id
    session.execute(delete(SignInTryRow).where(mine, SignInTryRow.known.is_(False)))
    again = update(SignInTryRow).where(mine)
    session.execute(again.values(failures=0, locked_until=None))
