"""Sign-in with a password or an identity; sessions and tokens, begun and checked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session as Transaction

from governance.audit.chain import SHELL, SYSTEM, Action
from serving.auth.accounts import active_person, is_right, write_note
from serving.database.engine import Store
from serving.errors import KeyInvalidError, NotVouchedForError, SignInRefusedError
from serving.repositories.api_keys import digest, new_secret, split_token, token_of
from serving.repositories.persons import (
    TOKEN_PREFIX,
    Identity,
    Pass,
    PassKind,
    Person,
    add_pass,
    change_person,
    count_try,
    csrf_of,
    end_pass,
    find_pass,
    find_person,
    forget_tries,
    person_of_subject,
    subject_of,
)

TRIES = 5  # issue 5: lockout; OWASP ASVS 2.2.1 allows up to 100 an hour
LOCKED_FOR = timedelta(minutes=15)
SESSION_LENGTH = timedelta(hours=12)  # a working day
LONGEST_TOKEN = timedelta(days=7)
_SESSION_PREFIX = "freins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that has just begun: `cookie` can't be had again."""

    person: Person
    cookie: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person who is signed in. `csrf`: what a session's writing calls must bring;
    `warning`: what their pages are to say."""

    person: Person
    pass_id: str
    expires_at: datetime
    csrf: str | None = None
    warning: str | None = None


def sign_in(store: Store, login: str, password: str, now: datetime) -> Session:
    """Begin a session.

    Raises SignInRefusedError: unknown, disabled or locked, or another password: never
    said which.
    """
    with store.writing() as session:
        counted = count_try(
            session,
            login.strip().lower(),
            now,
            allowed=TRIES,
            locked_until=now + LOCKED_FOR,
        )
    account, tries = counted or (None, 0)
    if account is not None and is_right(password, account.password_hash):
        return begin_session(store, account.person, now)
    if account is None:
        is_right(password, None)  # as slow as for an account
    elif tries == TRIES:
        with store.writing() as session:
            write_note(session, Action.PERSON_LOCKED, account.person, SYSTEM, now)
    raise SignInRefusedError


def begin_session(store: Store, person: Person, now: datetime) -> Session:
    """Begin the session of a person who has shown who they are."""
    new_pass, secret = _new_pass(person, PassKind.SESSION, now, SESSION_LENGTH)
    with store.writing() as session:
        forget_tries(session, person.id)
        add_pass(session, new_pass)
    return Session(
        person=person,
        cookie=token_of(new_pass.id, secret, _SESSION_PREFIX),
        csrf=csrf_of(secret),
        expires_at=new_pass.expires_at,
    )


def issue_token(store: Store, login: str, length: timedelta, now: datetime) -> str:
    """A bearer token of a person, audited; at most a week long.

    Raises PersonUnknownError: unknown, or disabled.
    """
    with store.writing() as session:
        person = active_person(session, login)
        length = min(length, LONGEST_TOKEN)
        new_pass, secret = _new_pass(person, PassKind.TOKEN, now, length)
        add_pass(session, new_pass)
        until = {"expires_at": new_pass.expires_at.isoformat()}
        write_note(session, Action.TOKEN_ISSUED, person, SHELL, now, until)
    return token_of(new_pass.id, secret, TOKEN_PREFIX)


def signed_in(store: Store, token: str, kind: PassKind, now: datetime) -> SignedIn:
    """The person who calls with this token, or this session's cookie.

    Raises KeyInvalidError: unknown, wrong, expired or ended, or the person is disabled.
    """
    prefix = TOKEN_PREFIX if kind is PassKind.TOKEN else _SESSION_PREFIX
    pass_id, secret = split_token(token, prefix)
    with store.reading() as session:
        held = find_pass(session, pass_id, kind)
    if held is None or not held[0].opens_with(secret, now):
        raise KeyInvalidError
    valid_pass, person = held
    return SignedIn(
        person=person,
        pass_id=valid_pass.id,
        expires_at=valid_pass.expires_at,
        csrf=csrf_of(secret) if kind is PassKind.SESSION else None,
    )


def sign_out(store: Store, pass_id: str, now: datetime) -> None:
    with store.writing() as session:
        end_pass(session, pass_id, now)


def _new_pass(
    person: Person, kind: PassKind, now: datetime, length: timedelta
) -> tuple[Pass, str]:
    pass_id, secret = new_secret()
    new_pass = Pass(
        id=pass_id,
        person_id=person.id,
        kind=kind,
        secret_sha256=digest(secret),
        created_at=now,
        expires_at=now + length,
    )
    return new_pass, secret


def sign_in_as(store: Store, identity: Identity, now: datetime) -> Session:
    """Begin the session of whoever has that identity.

    Raises NotVouchedForError: nobody here has it, or the account is disabled.
    """
    with store.writing() as session:
        person = person_of_subject(session, identity.subject)
        if person is None:
            person = _bind_by_email(session, identity, now)
    if person.disabled_at is not None:
        raise NotVouchedForError
    return begin_session(store, person, now)


def _bind_by_email(session: Transaction, identity: Identity, now: datetime) -> Person:
    """The account whose login is the verified e-mail, and that is bound to no other."""
    person = None if identity.email is None else find_person(session, identity.email)
    if person is None or person.disabled_at is not None:
        raise NotVouchedForError
    if subject_of(session, person.id) is not None:
        raise NotVouchedForError
    change_person(session, person.id, subject=identity.subject)
    write_note(session, Action.PERSON_BOUND, person, SYSTEM, now)
    return person
