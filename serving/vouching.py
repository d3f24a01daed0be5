"""Signing in elsewhere: an identity that a provider vouches for, and whose it is here.

No account is opened by it. An account is bound to an identity the first time that its
login is the verified e-mail; from then on the identity alone counts.
"""

from datetime import datetime

from sqlalchemy.orm import Session as Transaction

from governance.audit import SYSTEM, Action
from serving.accounts import write_note
from serving.database import Store
from serving.errors import NotVouchedForError
from serving.people import bind_subject, find_person, person_of_subject, subject_of
from serving.person import Identity, Person
from serving.signing_in import Session, begin_session


def sign_in_as(store: Store, identity: Identity, now: datetime) -> Session:
    """Begin the session of whoever has that identity.

    Raises
    ------
    NotVouchedForError
        Nobody here has it, or the account is disabled.
    """
    with store.writing() as session:
        person = person_of_subject(session, identity.subject)
        if person is None:
            person = _bound(session, identity, now)
    if person.disabled_at is not None:
        raise NotVouchedForError
    return begin_session(store, person, now)


def _bound(session: Transaction, identity: Identity, now: datetime) -> Person:
    """The account whose login is the verified e-mail, and that is bound to no other."""
    person = None if identity.email is None else find_person(session, identity.email)
    if person is None or person.disabled_at is not None:
        raise NotVouchedForError
    if subject_of(session, person.id) is not None:
        raise NotVouchedForError
    bind_subject(session, person.id, identity.subject)
    write_note(session, Action.PERSON_BOUND, person, SYSTEM, now)
    return person
