"""Reading and writing accounts and passes. The only module that knows their tables."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session, aliased

from governance.audit.chain import new_salt, text_digest
from governance.people.principal import Means, Principal, PrincipalKind
from governance.people.roles import Role
from serving.database.tables import PassRow, PersonRow
from serving.repositories.api_keys import digest
from serving.repositories.rows import as_value, columns_of
from serving.repositories.sign_in_tries import unlock

_AUDITED = ("login", "name", "team", "password_hash", "subject")
TOKEN_PREFIX = "freinp"  # of a person's token; a key's is `frein`


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`name` is how leads and tasks call their owner; it signs decisions.

    `means`, `proven_at`: how they signed in, and when they last proved who they are.
    """

    id: UUID
    login: str
    name: str
    role: Role
    team: str | None
    created_at: datetime
    disabled_at: datetime | None = None
    has_password: bool = False  # else they sign in elsewhere
    totp_confirmed_at: datetime | None = None  # one-time codes are asked for since
    means: Means = field(default=Means.SERVICE, compare=False)
    proven_at: datetime | None = field(default=None, compare=False)

    @property
    def principal(self) -> Principal:
        return Principal(
            PrincipalKind.PERSON, self.name, self.means, proven_at=self.proven_at
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for; `email` only if it has verified it."""

    subject: str  # its issuer, a space, and its name for them
    email: str | None
    authenticated_at: datetime | None = None  # by the provider, if it says so


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
    authenticated_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_idle(self, idle: timedelta, now: datetime) -> bool:
        return now - (self.last_used_at or self.created_at) >= idle

    def opens_with(self, secret: str, now: datetime) -> bool:
        return (
            compare_digest(self.secret_sha256, digest(secret))
            and self.ended_at is None
            and now < self.expires_at
        )


def csrf_of(secret: str) -> str:
    """The CSRF token of a session: only who may read our answers can know it."""
    return sha256(f"csrf:{secret}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person proves who they are with; `totp_step`: of the last code taken."""

    person: Person
    password_hash: str | None
    totp_secret: str | None
    totp_step: int | None
    recovery_codes: frozenset[str]  # hashes of those that are left


def add_person(session: Session, person: Person, password_hash: str | None) -> None:
    row = columns_of(PersonRow, person, password_hash=password_hash, salt=new_salt())
    session.execute(insert(PersonRow).values(row))


def account_digests(row: PersonRow) -> dict[str, str | None]:
    """What the audit keeps of an account's columns; a secret that is being set up is
    none yet."""
    totp_secret = row.totp_secret if row.totp_confirmed_at is not None else None
    kept = {name: getattr(row, name) for name in _AUDITED} | {
        "totp_secret": totp_secret
    }
    salt = row.salt or ""
    return {
        name: None if value is None else text_digest(salt, value)
        for name, value in kept.items()
    }


def digests_of(session: Session, person_id: UUID) -> dict[str, str | None]:
    """Those of a person's account as it now stands, with a salt from now on."""
    row = session.get_one(PersonRow, person_id, populate_existing=True)
    if row.salt is None:  # it is from before there were any
        row.salt = new_salt()
    return account_digests(row)


def find_person(session: Session, login: str) -> Person | None:
    return _found(session, PersonRow.login == login)


def person_named(session: Session, name: str) -> Person | None:
    return _found(session, PersonRow.name == name)


def all_people(session: Session) -> list[Person]:
    rows = session.scalars(select(PersonRow).order_by(PersonRow.name))
    return [_as_person(row) for row in rows]


def has_administrator(session: Session) -> bool:
    """Can anybody sign in as an administrator, by a password?"""
    administrator = select(PersonRow.id).where(
        PersonRow.role == Role.ADMIN.value,
        PersonRow.password_hash.is_not(None),
        PersonRow.disabled_at.is_(None),
    )
    return session.scalar(administrator.limit(1)) is not None


def names_in_team(session: Session, team: str | None) -> frozenset[str]:
    """The names of a team's people, disabled ones too: their leads remain."""
    rows = session.scalars(select(PersonRow.name).where(PersonRow.team == team))
    return frozenset(rows)


def disabled_names(session: Session) -> frozenset[str]:
    """The names of those whose account is disabled."""
    gone = PersonRow.disabled_at.is_not(None)
    return frozenset(session.scalars(select(PersonRow.name).where(gone)))


def managers_of(session: Session, names: Iterable[str]) -> dict[str, str]:
    """Who manages the team of each of these people, of those who have such a manager;
    the first by name, and nobody manages themselves."""
    member, manager = aliased(PersonRow), aliased(PersonRow)
    rows = session.execute(
        select(member.name, manager.name)
        .join(manager, (manager.team == member.team) & (manager.id != member.id))
        .where(
            member.name.in_(set(names)),
            manager.role == Role.MANAGER.value,
            manager.disabled_at.is_(None),
        )
        .order_by(manager.name.desc())
    )
    return {row[0]: row[1] for row in rows}


def change_person(session: Session, person_id: UUID, **columns: object) -> None:
    """Write some columns of a person's account; they count from the next call on."""
    mine = PersonRow.id == person_id
    session.execute(update(PersonRow).where(mine).values(columns))


def set_password(session: Session, person_id: UUID, password_hash: str) -> None:
    change_person(session, person_id, password_hash=password_hash)
    unlock(session, person_id)


def find_credentials(session: Session, login: str) -> Credentials | None:
    """None: no such account, or it is disabled."""
    which = (PersonRow.login == login) & PersonRow.disabled_at.is_(None)
    row = session.scalar(select(PersonRow).where(which).with_for_update())
    if row is None:
        return None
    codes = frozenset((row.recovery_codes or "").split())
    return Credentials(
        _as_person(row), row.password_hash, row.totp_secret, row.totp_step, codes
    )


def person_of_subject(session: Session, subject: str) -> Person | None:
    """Who is bound to that identity of a provider."""
    return _found(session, PersonRow.subject == subject)


def subject_of(session: Session, person_id: UUID) -> str | None:
    """The identity that an account is bound to."""
    return session.scalar(select(PersonRow.subject).where(PersonRow.id == person_id))


def add_pass(session: Session, new_pass: Pass) -> None:
    session.execute(insert(PassRow).values(columns_of(PassRow, new_pass)))


def find_pass(
    session: Session, pass_id: str, kind: PassKind
) -> tuple[Pass, Person] | None:
    """A pass and whose it is; None also if the person is disabled."""
    row = session.execute(
        select(PassRow, PersonRow)
        .join(PersonRow, PersonRow.id == PassRow.person_id)
        .where(
            PassRow.id == pass_id,
            PassRow.kind == kind.value,
            PersonRow.disabled_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else (_as_pass(row[0]), _as_person(row[1]))


def open_passes(session: Session, person_id: UUID, now: datetime) -> list[Pass]:
    """A person's sessions and tokens that are in force, the newest first."""
    rows = session.scalars(
        select(PassRow)
        .where(
            PassRow.person_id == person_id,
            PassRow.ended_at.is_(None),
            PassRow.expires_at > now,
        )
        .order_by(PassRow.created_at.desc(), PassRow.id)
    )
    return [_as_pass(row) for row in rows]


def change_pass(session: Session, pass_id: str, **columns: object) -> None:
    session.execute(update(PassRow).where(PassRow.id == pass_id).values(columns))


def end_pass(session: Session, pass_id: str, now: datetime) -> None:
    _end(session, PassRow.id == pass_id, now)


def end_own_pass(
    session: Session, person_id: UUID, pass_id: str, now: datetime
) -> bool:
    """End a session or a token of a person; False: they have no such one open."""
    mine = (PassRow.id == pass_id) & (PassRow.person_id == person_id)
    return _end(session, mine, now) > 0


def end_passes(session: Session, person_id: UUID, now: datetime) -> None:
    """End a person's sessions and tokens, at once."""
    _end(session, PassRow.person_id == person_id, now)


def _end(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    open_ones = which & PassRow.ended_at.is_(None)
    ending = update(PassRow).where(open_ones).values(ended_at=now)
    return len(session.scalars(ending.returning(PassRow.id)).all())


def _found(session: Session, which: ColumnElement[bool]) -> Person | None:
    row = session.scalar(select(PersonRow).where(which))
    return None if row is None else _as_person(row)


def _as_person(row: PersonRow) -> Person:
    return as_value(
        Person,
        row,
        role=Role(row.role),
        has_password=row.password_hash is not None,
        means=Means.SERVICE,
        proven_at=None,
    )


def _as_pass(row: PassRow) -> Pass:
    return as_value(Pass, row, kind=PassKind(row.kind))
