"""Reading and writing API keys. The only module that knows their table."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from features.event import Actor
from serving.access import ApiKey, Scope
from serving.errors import KeyUnknownError
from serving.tables import KeyRow

USE_NOTED_EVERY = timedelta(minutes=10)  # a write at each call would be a queue


def add_key(session: Session, key: ApiKey) -> None:
    session.add(
        KeyRow(
            id=key.id,
            name=key.name,
            secret_sha256=key.secret_sha256,
            source=key.source,
            max_actor=key.max_actor.value,
            default_actor=key.default_actor.value,
            scopes=" ".join(sorted(key.scopes)),
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )


def find_key(session: Session, key_id: str) -> ApiKey | None:
    row = session.get(KeyRow, key_id)
    return None if row is None else _as_key(row)


def all_keys(session: Session) -> list[ApiKey]:
    rows = session.scalars(select(KeyRow).order_by(KeyRow.created_at, KeyRow.id))
    return [_as_key(row) for row in rows]


def revoke_key(session: Session, key_id: str, now: datetime) -> bool:
    """Revoke at once; False if it was revoked before, which then stands."""
    row = session.get(KeyRow, key_id, with_for_update=True)
    if row is None:
        raise KeyUnknownError(key_id)
    if row.revoked_at is not None:
        return False
    row.revoked_at = now
    return True


def is_use_to_note(key: ApiKey, now: datetime) -> bool:
    return key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY


def note_use(session: Session, key_id: str, now: datetime) -> None:
    session.execute(update(KeyRow).where(KeyRow.id == key_id).values(last_used_at=now))


def _as_key(row: KeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        secret_sha256=row.secret_sha256,
        source=row.source,
        max_actor=Actor(row.max_actor),
        default_actor=Actor(row.default_actor),
        scopes=frozenset(Scope(scope) for scope in row.scopes.split()),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
