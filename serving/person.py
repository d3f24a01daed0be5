"""A person as the service knows one, and the passes that a person calls with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from governance.person import Role
from governance.principal import Principal, PrincipalKind
from serving.access import digest

TOKEN_PREFIX = "freinp"  # of a person's token; a key's is `frein`


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`name` is how leads and tasks call their owner; it signs decisions."""

    id: UUID
    login: str
    name: str
    role: Role
    team: str | None
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def principal(self) -> Principal:
        return Principal(PrincipalKind.PERSON, self.name)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for; `email` only if it has verified it."""

    subject: str  # its issuer, a space, and its name for them
    email: str | None


class PassKind(StrEnum):
    SESSION = "session"  # a cookie; what it writes needs a CSRF token
    TOKEN = "token"  # a bearer token, short-lived


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a person signed in with; the secret itself is never stored."""

    id: str
    person_id: UUID
    kind: PassKind
    secret_sha256: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def opens_with(self, secret: str, now: datetime) -> bool:
        return (
            compare_digest(self.secret_sha256, digest(secret))
            and self.ended_at is None
            and now < self.expires_at
        )


def csrf_of(secret: str) -> str:
    """The CSRF token of a session: only who may read our answers can know it."""
    return sha256(f"csrf:{secret}".encode()).hexdigest()
