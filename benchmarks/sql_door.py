"""SQL as the service's own database user: each change of each column of what people
said or decided is refused by the database, or found by `frein audit verify`."""

import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Boolean, Column, Date, DateTime, Float, Integer, Uuid, text
from sqlalchemy.exc import DBAPIError

from features.event import Actor, Event
from governance.people.principal import Principal, PrincipalKind
from governance.people.roles import Role
from serving.app.startup import open_service
from serving.audit.reconciliation import reconcile
from serving.audit.trace import StatedReason
from serving.auth.accounts import NewAccount, open_account
from serving.auth.sessions import begin_session
from serving.automation.suspension import Suspension, suspend_lead
from serving.database.engine import Store
from serving.database.tables import Base, UtcDateTime
from serving.decisions.concession import ConcessionRequest, concede
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.decisions.statement import FieldNote, add_note
from serving.errors import ReservedForPeopleError
from serving.events.ingestion import ingest
from serving.runtime.service import Service
from serving.runtime.settings import Settings

TABLES = (
    "event lead proposal task suspension decision concession requalification statement"
    " break_glass api_key person pass principal stage threshold"
)
# Nobody's word hangs on these: times of use, what scores and automation keep, words
# that are written over once the row ends, codes that nobody has confirmed.
IDLE = {
    "lead": "version stage_at observed_at owner_at band automation model_sha256"
    " looked_at last_sign_at entered_at score grade short moment created_at",
    "proposal": "decision_reason",
    "task": "close_reason",
    "person": "created_at totp_secret totp_confirmed_at totp_step recovery_codes",
    "pass": "ended_at last_used_at",
}
MAY_GO = {"pass", "principal"}  # a session that ends, somebody who is forgotten
MACHINE = Principal(PrincipalKind.INTEGRATION, "k")


@dataclass(slots=True)
class SqlTally:
    """What was tried; `unnoticed`: the tables and columns that could be changed."""

    tried: int = 0
    refused: int = 0
    found: int = 0
    unnoticed: list[str] = field(default_factory=list)


def run(folder: Path) -> SqlTally:
    """Try each change on a store of its own, in a folder."""
    tally, filled, place = SqlTally(), folder / "filled.db", folder / "frein.db"
    _fill(filled)
    for what, statement in _changes():
        shutil.copy(filled, place)
        with closing(Store(f"sqlite:///{place}", pool_size=1)) as store:
            _try(tally, store, what, statement)
    return tally


def _try(tally: SqlTally, store: Store, what: str, statement: str) -> None:
    try:
        with store.writing() as session:
            changed = session.execute(text(f"{statement} RETURNING 1")).all()
    except DBAPIError:
        tally.tried, tally.refused = tally.tried + 1, tally.refused + 1
        return
    if not changed:  # there is no such row
        return
    tally.tried += 1
    if reconcile(store).differences:
        tally.found += 1
    else:
        tally.unnoticed.append(what)


def _changes() -> Iterator[tuple[str, str]]:
    for name in TABLES.split():
        for column in Base.metadata.tables[name].columns:
            if column.name not in IDLE.get(name, "").split():
                to = f"UPDATE {name} SET {column.name} = {_other(column)}"
                yield f"{name}.{column.name}", to
        if name not in MAY_GO:
            yield name, f"DELETE FROM {name}"


def _other(column: Column[object]) -> str:
    """SQL of another value."""
    name = column.name
    match column.type:
        case Boolean():
            return f"NOT {name}"
        case UtcDateTime() | DateTime():
            day = f"datetime(COALESCE({name}, '2026-01-01'), '+1 day')"
            return f"{day} || '.000000'"
        case Date():
            return f"date({name}, '+1 day')"
        case Float() | Integer():
            return f"COALESCE({name}, 0) + 1"
        case Uuid():
            return f"'{uuid4().hex}'"
    others = {"perdu": "gagne", "Awa Diallo": "Paul Petit", "person": "integration"}
    cases = " ".join(f"WHEN '{old}' THEN '{new}'" for old, new in others.items())
    return f"CASE {name} {cases} ELSE COALESCE({name}, '') || 'x' END"


def _fill(path: Path) -> None:
    """A lead on which Awa has decided, conceded, noted and suspended; a machine was
    refused what is reserved, and a key vouches for another lead's end."""
    now = datetime.now(UTC)
    url = f"sqlite:///{path}"
    with open_service(Settings(database_url=url, audit_folder=path.parent)) as service:
        wish = NewAccount(login="awa", name="Awa Diallo", role=Role.ADMIN)
        awa = open_account(service.store, wish, now)
        by = awa.principal
        begin_session(service.store, awa, now)
        _tell(service, now, "L-1", "attributes_set", {"owner": "Awa Diallo"})
        vouched = {"who": "Awa Diallo", "key": "CRM", "key_id": "k"}
        _tell(service, now, "L-2", "lost", {"vouched": vouched})
        _tell(service, now + timedelta(seconds=1), "L-2", "won", {})
        with suppress(ReservedForPeopleError):
            lost = MoveRequest(lead_id="L-1", to="perdu", reason=None, by=MACHINE)
            move_stage(service, lost, now)
        granted = ConcessionRequest(lead_id="L-1", percent=12, reason="Prix", by=by)
        concede(service, granted, now)
        to = "negociation_finale"
        move_stage(
            service, MoveRequest(lead_id="L-1", to=to, reason="Accord", by=by), now
        )
        note = FieldNote(
            lead_id="L-1", by=awa, tone=1, objections=(), text="Oui", taken_at=None
        )
        add_note(service, note, now)
        why = StatedReason(reason="budget", text=None)
        held = Suspension(id=uuid4(), by=by, why=why, until=None)
        suspend_lead(service, "L-1", held, now)


def _tell(
    service: Service, at: datetime, lead: str, kind: str, about: dict[str, object]
) -> None:
    event = Event(
        event_id=f"{kind} of {lead}",
        source="crm",
        lead_id=lead,
        kind=kind,
        occurred_at=at,
        received_at=at,
        actor=Actor.PERSON,
        data=about,  # type: ignore[arg-type]  # JSON
    )
    ingest(service, [event], at)
