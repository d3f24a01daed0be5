"""Forgetting a lead: article 17. A use case of its own, as nothing else erases."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from uuid import uuid4

from sqlalchemy.orm import Session

from explanations.calendar_fr import paris_day
from features.log import events_of_lead, leave_out
from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.people.principal import Principal
from governance.people.privacy import ForgetReason, Tombstone
from serving.audit.seals import Seal, sealed_parts
from serving.audit.tombstones import Tombstones
from serving.database.engine import Store
from serving.database.leases import Job, done_at, note_done
from serving.errors import (
    LeadForgottenError,
    LeadUnknownError,
    ReauthenticationRequiredError,
)
from serving.repositories.audit import append, every_seal, hold_end
from serving.repositories.events import event_rows_of_lead
from serving.repositories.lead_states import lock_every_lead
from serving.repositories.leads import find_lead, stored_since, whole_of
from serving.repositories.privacy.personal_data import (
    add_tombstones,
    buried,
    erase_lead,
)
from serving.runtime.service import Service
from serving.runtime.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """`is_scrubbed`: nothing is left in the database's files either."""

    on: date
    is_scrubbed: bool


def forget(
    service: Service,
    lead_id: str,
    reason: ForgetReason,
    by: Principal,
    now: datetime,
    *,
    may_rewrite: bool = False,
) -> Forgotten:
    """Erase all that is held of a lead, and of those that were merged with it.

    What it leaves: decisions on an id that is tied to nobody, and a tombstone.
    `may_rewrite`: see `scrub`.

    Raises LeadUnknownError, LeadForgottenError if it was forgotten before (what was
    left of it in the history log is gone then as well), and
    ReauthenticationRequiredError of a person whose proof is too old: nothing brings the
    lead back.
    """
    if not by.is_proven(now):
        raise ReauthenticationRequiredError
    try:
        made = _forget_whole(service, lead_id, reason, by, now)
    except LeadForgottenError:  # it may have been cut off
        forget_in_log(service.settings)
        raise
    forget_in_log(service.settings)
    is_scrubbed = scrub(service.store, now, may_rewrite=may_rewrite)
    return Forgotten(on=made.forgotten_on, is_scrubbed=is_scrubbed)


def forget_kept(
    service: Service, lead_ids: Iterable[str], by: Principal, now: datetime
) -> None:
    """Forget leads that were kept for as long as they may be, unless somebody was
    quicker; the history log is written anew once."""
    for lead_id in lead_ids:
        with suppress(LeadUnknownError, LeadForgottenError):
            _forget_whole(service, lead_id, ForgetReason.RETENTION, by, now)
    forget_in_log(service.settings)
    scrub(service.store, now, may_rewrite=False)


def _forget_whole(
    service: Service, lead_id: str, reason: ForgetReason, by: Principal, now: datetime
) -> Tombstone:
    """Forget a lead and those that are one with it, in one transaction: all but the
    history log. Raises LeadUnknownError, LeadForgottenError."""
    tombstones = Tombstones(service.settings.anchors_folder)
    with service.store.reading() as session:
        held = whole_of(session, lead_id) or [lead_id]
    with service.lead_locks.of(held), service.store.writing() as session:
        lock_every_lead(session)  # first: triggers will rest
        names = whole_of(session, lead_id)
        if not names:
            if buried(session, tombstones.pseudonyms([lead_id])):
                raise LeadForgottenError([lead_id])
            _require_logged(service.settings, lead_id)
            names = [lead_id]
        made = {  # before anything goes: see `restore`
            name: tombstones.add(name, reason, paris_day(now)) for name in names
        }
        _erase(session, made, by, now)
    return made[lead_id]


def _require_logged(settings: Settings, lead_id: str) -> None:
    """Raises LeadUnknownError if the history log has no such lead."""
    history = settings.history_log
    if history is None or events_of_lead(history, lead_id).is_empty():
        raise LeadUnknownError(lead_id)


def _erase(
    session: Session, made: Mapping[str, Tombstone], by: Principal, now: datetime
) -> None:
    """Erase leads, by name, while nobody else writes. One that the history log alone
    has is erased there; the audit has an id of nobody."""
    gone = []
    for lead_id, tombstone in made.items():
        lead = find_lead(session, lead_id)
        lead_uuid = uuid4() if lead is None else lead.id
        gone.append((lead_uuid, tombstone, event_rows_of_lead(session, lead_uuid)))
        if lead is not None:
            erase_lead(session, lead_uuid, lead_id, now)
    add_tombstones(session, made.values())
    hold_end(session, by)  # from here on nothing is sealed
    seals = [Seal(**seal) for seal in every_seal(session)]
    entries = [
        AuditEntry(
            action=Action.LEAD_FORGOTTEN,
            by=by,
            subject=Subject(SubjectKind.LEAD, lead_uuid),
            lead=lead_uuid,
            why={
                "reason": tombstone.reason.value,
                "sealed": [asdict(part) for part in sealed_parts(events, seals)],
            },
        )
        for lead_uuid, tombstone, events in gone
    ]
    append(session, entries, now)


def forget_again(
    store: Store, tombstones: Tombstones, by: Principal, now: datetime
) -> int:
    """Forget whom tombstones name and the store has all the same, as a restored one
    may; returns how many."""
    with store.writing() as session:
        lock_every_lead(session)  # first: triggers will rest
        again = _named(tombstones, tombstones.read(), stored_since(session))
        if again:
            _erase(session, again, by, now)
        add_tombstones(session, tombstones.read())
    return len(again)


def forget_in_log(settings: Settings) -> None:
    """Write the history log anew, without whom tombstones name; raises LogError."""
    if settings.history_log is not None:
        tombstones = Tombstones(settings.anchors_folder)
        leave_out(settings.history_log, partial(_named, tombstones, tombstones.read()))


def _named(
    tombstones: Tombstones,
    written: Iterable[Tombstone],
    since: Mapping[str, datetime],
) -> dict[str, Tombstone]:
    """The leads whom tombstones name, of those that are there since an instant. One
    that began afresh on a later day isn't among them."""
    known = {tombstone.hash: tombstone for tombstone in written}
    return {
        lead_id: known[hash]
        for hash, lead_id in tombstones.pseudonyms(since).items()
        if hash in known and paris_day(since[lead_id]) <= known[hash].forgotten_on
    }


def scrub(store: Store, now: datetime, *, may_rewrite: bool) -> bool:
    """Have what was erased leave the database's files; tells whether it has.

    The first time SQLite's file must be written anew, if the store `may_rewrite` it:
    nobody else writes meanwhile.
    """
    with store.writing() as session:
        is_first = done_at(session, Job.SCRUB) is None
    if not is_first:
        return store.scrub()
    if not (may_rewrite and store.scrub(whole=True)):
        store.scrub()
        return False
    with store.writing() as session:
        note_done(session, Job.SCRUB, now)
    return store.scrub()
