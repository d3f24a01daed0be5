"""Accounts: added, disabled, given a password; each change is audited."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from features.lead_id import is_unseen, looks
from governance.audit.chain import (
    SHELL,
    Action,
    AuditEntry,
    AuditFields,
    Subject,
    SubjectKind,
)
from governance.people.crm_users import one_form
from governance.people.principal import Principal
from governance.people.roles import Role
from serving.auth.passwords import hashed
from serving.database.engine import Store
from serving.database.tables import NAME
from serving.errors import PersonUnknownError, RequestInvalidError
from serving.repositories.audit import append, hold_end
from serving.repositories.persons import (
    Person,
    add_person,
    all_people,
    change_person,
    digests_of,
    end_passes,
    find_person,
    person_of_subject,
    set_password,
)

_OF_ACCOUNT = frozenset(
    {
        Action.PERSON_ADDED,
        Action.PERSON_CHANGED,
        Action.PERSON_DISABLED,
        Action.PERSON_BOUND,
        Action.PASSWORD_SET,
        Action.TOTP_ENABLED,
        Action.TOTP_DISABLED,
    }
)
# Strokes and rounds that many typefaces draw alike; ids of leads need them apart.
_SAME_LOOKS = str.maketrans("i1|0", "lllo")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """`name` as the CRM writes the owner of a lead; no password: signs in elsewhere."""

    login: str
    name: str
    role: Role
    team: str | None = None
    password: str | None = None


def open_account(
    store: Store, wish: NewAccount, now: datetime, by: Principal = SHELL
) -> Person:
    """Add a person, and audit it.

    Raises RequestInvalidError if the login or the name is empty, or looks like that of
    another account, or the password is too short.
    """
    person = Person(
        id=uuid4(),
        login=_line("login", wish.login).lower(),
        name=_line("name", wish.name),
        role=wish.role,
        team=_line("team", wish.team) if wish.team else None,
        created_at=now,
    )
    about = (person.login, person.name)
    password_hash = None if wish.password is None else hashed(wish.password, about)
    with store.writing() as session:
        hold_end(session, by)  # of two at once the second sees the first
        _refuse_look_alikes(person, all_people(session))
        add_person(session, person, password_hash)
        added = {"role": person.role.value}
        write_note(session, Action.PERSON_ADDED, person, by, now, added)
    return person


def _refuse_look_alikes(person: Person, others: Iterable[Person]) -> None:
    """Decisions are signed by name, so that no two may look the same; a disabled
    account keeps its own. Raises RequestInvalidError."""
    for other in others:
        if _looks(other.login) == _looks(person.login):
            raise RequestInvalidError("login", "looks_like", [other.login])
        if _looks(other.name) == _looks(person.name):
            raise RequestInvalidError("name", "looks_like", [other.name])


def _looks(name: str) -> str:
    return looks(name).translate(_SAME_LOOKS)


def change_account(
    store: Store,
    login: str,
    role: Role | None,
    team: str | None,
    now: datetime,
    by: Principal = SHELL,
) -> Person:
    """Give another role, or another team; None leaves it. An empty team is none.

    Raises PersonUnknownError, RequestInvalidError.
    """
    with store.writing() as session:
        before = known_person(session, login)
        after = replace(before, role=role or before.role)
        if team is not None:
            after = replace(after, team=_line("team", team) if team else None)
        if after != before:
            placed = {"role": after.role.value}
            change_person(session, after.id, team=after.team, **placed)
            write_note(session, Action.PERSON_CHANGED, after, by, now, placed)
    return after


def close_account(
    store: Store, login: str, now: datetime, by: Principal = SHELL
) -> None:
    """Disable a person, whose sessions and tokens end at once; raises
    PersonUnknownError."""
    with store.writing() as session:
        person = known_person(session, login)
        if person.disabled_at is None:
            change_person(session, person.id, disabled_at=now)
            end_passes(session, person.id, now)
            write_note(session, Action.PERSON_DISABLED, person, by, now)


def change_password(
    store: Store,
    login: str,
    password: str,
    now: datetime,
    by: Principal = SHELL,
) -> None:
    """Give a new password, which unlocks; sessions and tokens end.

    Raises PersonUnknownError, RequestInvalidError.
    """
    with store.reading() as session:
        person = known_person(session, login)
    password_hash = hashed(password, (person.login, person.name))
    with store.writing() as session:
        set_password(session, person.id, password_hash)
        end_passes(session, person.id, now)
        write_note(session, Action.PASSWORD_SET, person, by, now)


def bind_account(
    store: Store,
    login: str,
    subject: str | None,
    now: datetime,
    by: Principal = SHELL,
) -> Person:
    """Bind an account to an identity of a provider (its issuer, a space, its `sub`), or
    to none; sessions and tokens end.

    Raises
    ------
    PersonUnknownError
    RequestInvalidError
        If another account is bound to it, or it names no issuer.
    """
    with store.writing() as session:
        person = known_person(session, login)
        if subject is not None:
            subject = _line("subject", subject)
            if " " not in subject:
                raise RequestInvalidError("subject", "issuer_missing")
            bound = person_of_subject(session, subject)
            if bound is not None and bound.id != person.id:
                raise RequestInvalidError("subject", "taken")
        change_person(session, person.id, subject=subject)
        end_passes(session, person.id, now)
        write_note(session, Action.PERSON_BOUND, person, by, now)
    return person


def known_person(session: Session, login: str) -> Person:
    """The person of that login; raises PersonUnknownError."""
    person = find_person(session, login.strip().lower())
    if person is None:
        raise PersonUnknownError(login)
    return person


def active_person(session: Session, login: str) -> Person:
    """The person of that login, who isn't disabled; raises PersonUnknownError."""
    person = known_person(session, login)
    if person.disabled_at is not None:
        raise PersonUnknownError(login)
    return person


def write_note(
    session: Session,
    action: Action,
    person: Person,
    by: Principal,
    now: datetime,
    after: AuditFields | None = None,
) -> None:
    """Audit what was done to an account; call it last in a transaction.

    What changed the account leaves digests of it, which `frein audit verify` compares.
    """
    if action in _OF_ACCOUNT:
        after = {**(after or {}), "account": {**digests_of(session, person.id)}}
    subject = Subject(SubjectKind.PERSON, person.id)
    entry = AuditEntry(action=action, by=by, subject=subject, after=after)
    append(session, [entry], now)


def _line(field: str, text: str) -> str:
    line = one_form(text)
    if not line:
        raise RequestInvalidError(field, "string_too_short")
    if any(map(is_unseen, line)):
        raise RequestInvalidError(field, "not_printable")
    if len(line) > NAME:
        raise RequestInvalidError(field, "string_too_long")
    return line
