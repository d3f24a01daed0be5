"""API keys as values: what a key says, and what it may do."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hmac import compare_digest

from features.event import Actor
from governance.principal import Principal, PrincipalKind
from serving.errors import KeyInvalidError, ScopeMissingError

PREFIX = "frein"


class Scope(StrEnum):
    EVENTS = "events"  # send events
    SCORES = "scores"  # ask for scores
    LEADS = "leads"  # read leads and tasks
    MOVES = "moves"  # ask for changes; the brake judges each
    BACKFILL = "backfill"  # say when an event was received


USUAL_SCOPES = frozenset(Scope) - {Scope.BACKFILL}
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

    @property
    def principal(self) -> Principal:
        return Principal(PrincipalKind.INTEGRATION, self.id)

    def may_assert(self, actor: Actor) -> bool:
        return _RANK[actor] <= _RANK[self.max_actor]

    def need(self, scope: Scope) -> None:
        if scope not in self.scopes:
            raise ScopeMissingError(scope.value)

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
    given, _, rest = token.partition("_")
    id, _, secret = rest.partition("_")
    if given != prefix or not id or not secret:
        raise KeyInvalidError
    return id, secret
