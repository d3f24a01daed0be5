"""Sign-in with a password or an identity; sessions and tokens, begun and checked."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy.orm import Session as Transaction

from governance.audit.chain import SHELL, SYSTEM, Action
from governance.people.principal import Means, Principal
from serving.auth.accounts import active_person, write_note
from serving.auth.passwords import is_right
from serving.auth.second_factor import take_code
from serving.auth.secret_box import SecretBox
from serving.database.engine import Store
from serving.errors import (
    KeyInvalidError,
    NotVouchedForError,
    SecondFactorError,
    SignInRefusedError,
)
from serving.repositories.api_keys import digest, new_secret, split_token, token_of
from serving.repositories.persons import (
    TOKEN_PREFIX,
    Credentials,
    Identity,
    Pass,
    PassKind,
    Person,
    add_pass,
    change_pass,
    change_person,
    csrf_of,
    end_own_pass,
    end_pass,
    end_passes,
    find_credentials,
    find_pass,
    find_person,
    person_of_subject,
    subject_of,
)
from serving.repositories.sign_in_tries import count_try, note_success, uncount_try
from serving.runtime.service import Service

TRIES = 5  # issue 5: lockout; OWASP ASVS 2.2.1 allows up to 100 an hour
LOCKED_FOR = timedelta(minutes=15)
SESSION_LENGTH = timedelta(hours=12)  # a working day
IDLE = timedelta(hours=2)  # a session that nobody uses ends; FREIN_SESSION_IDLE
USES_NOTED = 20  # times at most within that: a write at each call would be a queue
LONGEST_TOKEN = timedelta(days=7)
_SESSION_PREFIX = "freins"
MEANS = {PassKind.SESSION: Means.CONSOLE, PassKind.TOKEN: Means.API_TOKEN}


@dataclass(frozen=True, slots=True)
class Proof:
    """From where a password comes, and the one-time code that came with it; without a
    box none opens."""

    address: str
    code: str = ""
    box: SecretBox | None = None

    def has_code_of(self, store: Store, person: Person, now: datetime) -> bool:
        """Take the code; raises SecretKeyError."""
        if self.box is None:
            return False
        return take_code(store, self.box, person.login, self.code, now)


AT_THE_TERMINAL = Proof("terminal")


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


def proven_person(
    store: Store,
    login: str,
    password: str,
    now: datetime,
    proof: Proof = AT_THE_TERMINAL,
) -> Person:
    """The person, who has shown who they are with their password, and with a one-time
    code if they use them. A refusal is audited.

    Raises
    ------
    SignInRefusedError
        Unknown, disabled or locked, or another password or code: never said which.
    SecondFactorError
        The password is right, and the code is missing.
    SecretKeyError
    """
    with store.writing() as session:
        known = find_credentials(session, login.strip().lower())
        tries = None if known is None else _counted(session, known, proof, now)
    if known is None or tries is None:
        is_right(password, None)  # as slow as for an account
        raise SignInRefusedError
    if not is_right(password, known.password_hash):
        _refuse(store, known.person, tries, now)
    if known.person.totp_confirmed_at is not None:
        if not proof.code:
            _uncount(store, known.person, proof)
            raise SecondFactorError
        if not proof.has_code_of(store, known.person, now):
            _refuse(store, known.person, tries, now)
    with store.writing() as session:
        note_success(session, known.person.id, proof.address)
    return replace(known.person, proven_at=now)


def _counted(
    session: Transaction, known: Credentials, proof: Proof, now: datetime
) -> int | None:
    return count_try(
        session,
        known.person.id,
        proof.address,
        now,
        allowed=TRIES,
        locked_for=LOCKED_FOR,
    )


def _refuse(store: Store, person: Person, tries: int, now: datetime) -> NoReturn:
    is_last = tries % TRIES == 0
    action = Action.PERSON_LOCKED if is_last else Action.SIGN_IN_REFUSED
    with store.writing() as session:
        write_note(session, action, person, SYSTEM, now)
    raise SignInRefusedError


def _uncount(store: Store, person: Person, proof: Proof) -> None:
    """The code is asked for after the password: that is no failure."""
    with store.writing() as session:
        uncount_try(session, person.id, proof.address)


def proof_from(service: Service, address: str, code: str) -> Proof:
    """What somebody brings who signs in here."""
    return Proof(address, code, SecretBox(service.settings.key_file))


def sign_in(
    store: Store,
    login: str,
    password: str,
    now: datetime,
    proof: Proof = AT_THE_TERMINAL,
) -> Session:
    """Begin a session; raises as `proven_person` does."""
    return begin_session(store, proven_person(store, login, password, now, proof), now)


def begin_session(
    store: Store,
    person: Person,
    now: datetime,
    *,
    is_proven: bool = True,
    proven_at: datetime | None = None,
) -> Session:
    """Begin the session of a person who has shown who they are: now, or at `proven_at`.

    `is_proven` False: nobody says when; what is reserved isn't signed with it.
    """
    new_pass, secret = _new_pass(person, PassKind.SESSION, now, SESSION_LENGTH)
    authenticated_at = (proven_at or now) if is_proven else None
    new_pass = replace(new_pass, authenticated_at=authenticated_at)
    here = replace(person, means=Means.CONSOLE)
    with store.writing() as session:
        add_pass(session, new_pass)
        by, begun = here.principal, _told(new_pass)
        write_note(session, Action.SIGNED_IN, person, by, now, begun)
    return Session(
        person=person,
        cookie=token_of(new_pass.id, secret, _SESSION_PREFIX),
        csrf=csrf_of(secret),
        expires_at=new_pass.expires_at,
    )


def issue_token(
    store: Store,
    login: str,
    length: timedelta,
    now: datetime,
    authenticated_at: datetime | None = None,
    by: Principal = SHELL,
) -> str:
    """A bearer token of a person, audited; at most a week long. It signs what is
    reserved within an hour of its owner's proof, `authenticated_at`.

    Raises PersonUnknownError: unknown, or disabled.
    """
    with store.writing() as session:
        person = active_person(session, login)
        length = min(length, LONGEST_TOKEN)
        new_pass, secret = _new_pass(person, PassKind.TOKEN, now, length)
        new_pass = replace(new_pass, authenticated_at=authenticated_at)
        add_pass(session, new_pass)
        write_note(session, Action.TOKEN_ISSUED, person, by, now, _told(new_pass))
    return token_of(new_pass.id, secret, TOKEN_PREFIX)


def _told(new_pass: Pass) -> dict[str, str | None]:
    """What the audit keeps of a session or a token."""
    at = new_pass.authenticated_at
    return {
        "pass": new_pass.id,
        "secret_sha256": new_pass.secret_sha256,
        "expires_at": new_pass.expires_at.isoformat(),
        "authenticated_at": None if at is None else at.isoformat(),
    }


def signed_in(
    store: Store, token: str, kind: PassKind, now: datetime, idle: timedelta = IDLE
) -> SignedIn:
    """The person who calls with this token, or this session's cookie.

    Raises KeyInvalidError: unknown, wrong, expired, ended or long unused, or the person
    is disabled.
    """
    prefix = TOKEN_PREFIX if kind is PassKind.TOKEN else _SESSION_PREFIX
    pass_id, secret = split_token(token, prefix)
    with store.reading() as session:
        held = find_pass(session, pass_id, kind)
    if held is None or not held[0].opens_with(secret, now):
        raise KeyInvalidError
    valid_pass, person = held
    if kind is PassKind.SESSION and valid_pass.is_idle(idle, now):
        raise KeyInvalidError
    if valid_pass.is_idle(idle / USES_NOTED, now):
        with store.writing() as session:
            change_pass(session, valid_pass.id, last_used_at=now)
    proven_at = valid_pass.authenticated_at
    return SignedIn(
        person=replace(person, means=MEANS[kind], proven_at=proven_at),
        pass_id=valid_pass.id,
        expires_at=valid_pass.expires_at,
        csrf=csrf_of(secret) if kind is PassKind.SESSION else None,
    )


def prove(
    store: Store, reader: SignedIn, password: str, now: datetime, proof: Proof
) -> None:
    """Have a session or a token sign what is reserved for another hour.

    Raises as `proven_person` does.
    """
    proven_person(store, reader.person.login, password, now, proof)
    with store.writing() as session:
        change_pass(session, reader.pass_id, authenticated_at=now)
        by = reader.person.principal
        proven = {"pass": reader.pass_id, "authenticated_at": now.isoformat()}
        write_note(session, Action.SIGNED_IN, reader.person, by, now, proven)


def sign_out(store: Store, reader: SignedIn, now: datetime) -> None:
    """End the session, or the token."""
    with store.writing() as session:
        end_pass(session, reader.pass_id, now)
        _note_end(session, reader.person, now)


def end_one(store: Store, person: Person, pass_id: str, now: datetime) -> None:
    """End one of a person's sessions or tokens; another's, or one that has ended, is
    left as it is."""
    with store.writing() as session:
        if end_own_pass(session, person.id, pass_id, now):
            _note_end(session, person, now)


def sign_out_everywhere(store: Store, person: Person, now: datetime) -> None:
    """End all of a person's sessions and tokens."""
    with store.writing() as session:
        end_passes(session, person.id, now)
        _note_end(session, person, now)


def _note_end(session: Transaction, person: Person, now: datetime) -> None:
    write_note(session, Action.SIGNED_OUT, person, person.principal, now)


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
    proven_at = identity.authenticated_at
    return begin_session(
        store, person, now, is_proven=proven_at is not None, proven_at=proven_at
    )


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
