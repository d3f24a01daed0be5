"""Forgetting a lead: article 17. A use case of its own, as nothing else erases."""

import shutil
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl
from pydantic import JsonValue
from sqlalchemy.orm import Session

from explanations.calendar_fr import paris_day
from features.log import Log, read_log, write_log
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
from serving.repositories.leads import find_lead, stored_since
from serving.repositories.privacy.personal_data import (
    add_tombstones,
    buried,
    erase_lead,
)
from serving.runtime.service import Service


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
    """Erase all that is held of a lead.

    What it leaves: decisions on an id that is tied to nobody, and a tombstone.
    `may_rewrite`: see `scrub`.

    Raises LeadUnknownError, LeadForgottenError if it was forgotten before (what was
    left of it in the history log is gone then as well), and
    ReauthenticationRequiredError of a person whose proof is too old: nothing brings the
    lead back.
    """
    if not by.is_proven(now):
        raise ReauthenticationRequiredError
    tombstones = Tombstones(service.settings.anchors_folder)
    with service.lead_locks.of([lead_id]):
        with service.store.reading() as session:
            is_there = find_lead(session, lead_id) is not None
            refusal = _not_there(session, tombstones, lead_id)
        if not is_there:
            if isinstance(refusal, LeadForgottenError):  # it may have been cut off
                _leave_the_log(service, lead_id)
            raise refusal
        made = tombstones.add(lead_id, reason, paris_day(now))  # first: see `restore`
        _erase(service.store, lead_id, made, by, now)
    _leave_the_log(service, lead_id)
    is_scrubbed = scrub(service.store, now, may_rewrite=may_rewrite)
    return Forgotten(on=made.forgotten_on, is_scrubbed=is_scrubbed)


def _not_there(
    session: Session, tombstones: Tombstones, lead_id: str
) -> LeadForgottenError | LeadUnknownError:
    if buried(session, tombstones.pseudonyms([lead_id])):
        return LeadForgottenError([lead_id])
    return LeadUnknownError(lead_id)


def _erase(
    store: Store, lead_id: str, tombstone: Tombstone, by: Principal, now: datetime
) -> None:
    with store.writing() as session:
        lock_every_lead(session)  # first: triggers will rest
        lead = find_lead(session, lead_id)
        if lead is None:
            raise LeadUnknownError(lead_id)
        events = event_rows_of_lead(session, lead.id)
        erase_lead(session, lead.id, lead_id, now)
        add_tombstones(session, [tombstone])
        hold_end(session, by)  # from here on nothing is sealed
        seals = [Seal(**seal) for seal in every_seal(session)]
        parts: list[JsonValue] = [asdict(p) for p in sealed_parts(events, seals)]
        entry = AuditEntry(
            action=Action.LEAD_FORGOTTEN,
            by=by,
            subject=Subject(SubjectKind.LEAD, lead.id),
            lead=lead.id,
            why={"reason": tombstone.reason.value, "sealed": parts},
        )
        append(session, [entry], now)


def forget_again(
    store: Store, tombstones: Tombstones, by: Principal, now: datetime
) -> int:
    """Forget whom tombstones name and the store has all the same, as a restored one
    may; returns how many. One that began afresh on a later day stays."""
    known = {tombstone.hash: tombstone for tombstone in tombstones.read()}
    with store.reading() as session:
        since = stored_since(session)
    again = {
        lead_id: known[hash]
        for hash, lead_id in tombstones.pseudonyms(since).items()
        if hash in known and paris_day(since[lead_id]) <= known[hash].forgotten_on
    }
    for lead_id, tombstone in again.items():
        _erase(store, lead_id, tombstone, by, now)
    with store.writing() as session:
        add_tombstones(session, known.values())
    return len(again)


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


def _leave_the_log(service: Service, lead_id: str) -> None:
    if service.settings.history_log is not None:
        forget_in_log(service.settings.history_log, lead_id)


def forget_in_log(folder: Path, lead_id: str) -> None:
    """Write the log on disk anew, without a lead; raises LogError."""
    log = read_log(folder)
    others = log.events.filter(pl.col("lead_id") != lead_id)
    if others.height == log.events.height:
        return
    anew, old = (folder.with_name(f".{folder.name}.{end}") for end in ("new", "old"))
    for left in (anew, old):
        shutil.rmtree(left, ignore_errors=True)
    write_log(anew, Log(log.about, others))
    folder.rename(old)
    anew.rename(folder)
    shutil.rmtree(old)
