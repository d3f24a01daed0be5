"""API keys as values: what a key says, and what it may do."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from features.event import Actor
from governance.people.principal import Means, Principal, PrincipalKind
from serving.database.tables import KeyReviewRow, KeyRow
from serving.errors import KeyInvalidError, KeyUnknownError, ScopeMissingError
from serving.repositories.rows import as_value, columns_of

PREFIX = "frein"


class Scope(StrEnum):
    EVENTS = "events"  # send events
    SCORES = "scores"  # ask for scores
    LEADS = "leads"  # read leads and tasks
    MOVES = "moves"  # ask for changes; the brake judges each
    STAGES = "stages"  # tell that a stage changed, or how a lead ended
    VOUCH = "vouch"  # tell who did so in the CRM
    BACKFILL = "backfill"  # say when an event was received
    METRICS = "metrics"  # read what the service counts
    PRIVACY = "privacy"  # forget a lead, export what is held of it, note an objection


USUAL_SCOPES = frozenset({Scope.EVENTS, Scope.SCORES, Scope.LEADS})
# What an assertion weighs: a key may assert its own rank and those below.
_RANK = {Actor.LEAD: 0, Actor.AUTOMATION: 1, Actor.PERSON: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    id: str
    name: str
    secret_sha256: str
    source: str
    max_actor: Actor
    default_actor: Actor
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    addresses: tuple[str, ...] = ()  # networks that it may call from; none: any

    @property
    def principal(self) -> Principal:
        return Principal(PrincipalKind.INTEGRATION, self.id, Means.API_KEY)

    def may_assert(self, actor: Actor) -> bool:
        return _RANK[actor] <= _RANK[self.max_actor]

    def need(self, scope: Scope) -> None:
        if scope not in self.scopes:
            raise ScopeMissingError(scope.value)

    def opens_from(self, host: str) -> bool:
        """May it call from there? An IPv4 address may come in IPv6's clothes."""
        if not self.addresses:
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in ip_network(network) for network in self.addresses)

    def opens_with(self, secret: str, now: datetime) -> bool:
        return (
            compare_digest(self.secret_sha256, digest(secret))
            and self.revoked_at is None
            and (self.expires_at is None or now < self.expires_at)
        )


def new_secret() -> tuple[str, str]:
    """A fresh (id, secret): 8 and 43 characters, the secret of 256 random bits."""
    return secrets.token_hex(4), secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256, in hexadecimal: enough for a secret that nobody could guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_of(id: str, secret: str, prefix: str = PREFIX) -> str:
    """What the caller sends as a bearer token."""
    return f"{prefix}_{id}_{secret}"


def split_token(token: str, prefix: str = PREFIX) -> tuple[str, str]:
    """A token's (id, secret); raises KeyInvalidError."""
    start, _, rest = token.partition("_")
    id, _, secret = rest.partition("_")
    if start != prefix or not id or not secret:
        raise KeyInvalidError
    return id, secret


USE_NOTED_EVERY = timedelta(minutes=10)  # a write at each call would be a queue


def add_key(session: Session, key: ApiKey) -> None:
    columns = {
        "scopes": " ".join(sorted(key.scopes)),
        "addresses": " ".join(key.addresses) or None,
    }
    session.add(KeyRow(**columns_of(KeyRow, key, **columns)))


def find_key(session: Session, key_id: str) -> ApiKey | None:
    row = session.get(KeyRow, key_id)
    return None if row is None else _as_key(row)


def all_keys(session: Session) -> list[ApiKey]:
    rows = session.scalars(select(KeyRow).order_by(KeyRow.created_at, KeyRow.id))
    return [_as_key(row) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReview:
    """What revision 0013 of the store gave to a key and took from it: what the key had
    used was kept."""

    key: ApiKey
    given: frozenset[Scope]
    taken: frozenset[Scope]
    was_max_actor: Actor
    max_actor: Actor


def key_reviews(session: Session) -> list[KeyReview]:
    """Those of the keys that were there at that revision."""
    rows = session.execute(
        select(KeyReviewRow, KeyRow)
        .join(KeyRow, KeyRow.id == KeyReviewRow.key_id)
        .order_by(KeyRow.created_at, KeyRow.id)
    )
    return [
        KeyReview(
            key=_as_key(key),
            given=_scopes(review.given),
            taken=_scopes(review.taken),
            was_max_actor=Actor(review.was_max_actor),
            max_actor=Actor(review.max_actor),
        )
        for review, key in rows
    ]


def revoke_key(session: Session, key_id: str, now: datetime) -> bool:
    """Revoke at once; False if it was revoked before, which then stands."""
    row = session.get(KeyRow, key_id, with_for_update=True)
    if row is None:
        raise KeyUnknownError(key_id)
    if row.revoked_at is not None:
        return False
    row.revoked_at = now
    return True


def expire_key(session: Session, key_id: str, at: datetime) -> None:
    """Have it open until then, and no later; raises KeyUnknownError."""
    row = session.get(KeyRow, key_id, with_for_update=True)
    if row is None:
        raise KeyUnknownError(key_id)
    row.expires_at = at if row.expires_at is None else min(row.expires_at, at)


def is_use_to_note(key: ApiKey, now: datetime) -> bool:
    return key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY


def note_use(session: Session, key_id: str, now: datetime) -> None:
    session.execute(update(KeyRow).where(KeyRow.id == key_id).values(last_used_at=now))


def _as_key(row: KeyRow) -> ApiKey:
    return as_value(
        ApiKey,
        row,
        max_actor=Actor(row.max_actor),
        default_actor=Actor(row.default_actor),
        scopes=_scopes(row.scopes),
        addresses=tuple((row.addresses or "").split()),
    )


def _scopes(text: str) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in text.split())
