"""One-time codes (TOTP, RFC 6238): set up, taken once each, with recovery codes."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

import pyotp
from sqlalchemy.orm import Session

from governance.audit.chain import Action
from governance.people.principal import Principal
from serving.auth.accounts import known_person, write_note
from serving.auth.secret_box import SecretBox
from serving.database.engine import Store
from serving.errors import RequestInvalidError
from serving.repositories.api_keys import digest
from serving.repositories.persons import (
    Credentials,
    Person,
    change_person,
    find_credentials,
)

SECONDS = 30  # a code's, and as much before and after: clocks differ (RFC 6238 §5.2)
N_RECOVERY_CODES = 10
_NOTHING = {
    "totp_secret": None,
    "totp_confirmed_at": None,
    "totp_step": None,
    "recovery_codes": None,
}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator is set up with; shown once."""

    secret: str
    uri: str  # otpauth://


def enrol(store: Store, box: SecretBox, person: Person) -> Enrolment:
    """Begin to set one-time codes up; they count once one of them was given.

    Raises SecretKeyError.
    """
    secret = pyotp.random_base32()
    sealed = box.seal(secret, str(person.id))
    with store.writing() as session:
        change_person(session, person.id, **_NOTHING | {"totp_secret": sealed})
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name="Frein")
    return Enrolment(secret, uri)


def confirm_enrolment(
    store: Store, box: SecretBox, person: Person, code: str, now: datetime
) -> list[str]:
    """Ask for one-time codes from now on; returns the recovery codes, shown once.

    Raises RequestInvalidError: the code is wrong; SecretKeyError.
    """
    recovery = [secrets.token_hex(5) for _ in range(N_RECOVERY_CODES)]
    with store.writing() as session:
        known = find_credentials(session, person.login)
        step = None if known is None else _step_of(known, box, code, now)
        if step is None:
            raise RequestInvalidError("code", "code_refused")
        change_person(
            session,
            person.id,
            totp_confirmed_at=now,
            totp_step=step,
            recovery_codes=" ".join(sorted(map(digest, recovery))),
        )
        write_note(session, Action.TOTP_ENABLED, person, person.principal, now)
    return recovery


def withdraw(store: Store, login: str, by: Principal, now: datetime) -> None:
    """Ask a person for one-time codes no longer; raises PersonUnknownError."""
    with store.writing() as session:
        person = known_person(session, login)
        change_person(session, person.id, **_NOTHING)
        write_note(session, Action.TOTP_DISABLED, person, by, now)


def take_code(
    store: Store, box: SecretBox, login: str, code: str, now: datetime
) -> bool:
    """Take a one-time or a recovery code: each is good once; raises SecretKeyError."""
    with store.writing() as session:
        known = find_credentials(session, login)  # locked: two can't take the same
        return known is not None and _taken(session, known, box, code, now)


def _taken(
    session: Session, known: Credentials, box: SecretBox, code: str, now: datetime
) -> bool:
    step = _step_of(known, box, code, now)
    if step is not None:
        change_person(session, known.person.id, totp_step=step)
        return True
    spent = digest(code.strip().lower())
    if spent not in known.recovery_codes:
        return False
    left = " ".join(sorted(known.recovery_codes - {spent}))
    change_person(session, known.person.id, recovery_codes=left)
    return True


def _step_of(
    known: Credentials, box: SecretBox, code: str, now: datetime
) -> int | None:
    """The time step of a code that is right and wasn't taken; None: it is refused."""
    if known.totp_secret is None:
        return None
    secret = box.opened(known.totp_secret, str(known.person.id))
    if secret is None:
        return None
    codes = pyotp.TOTP(secret, interval=SECONDS)
    typed = code.replace(" ", "").encode()
    current = int(now.timestamp()) // SECONDS
    for step in range(current - 1, current + 2):
        is_code = compare_digest(codes.generate_otp(step).encode(), typed)
        if is_code and step > (known.totp_step or 0):
            return step
    return None
