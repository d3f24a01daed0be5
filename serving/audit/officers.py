"""Notes of what people did with the service as a whole: who took data out, and who
made a model champion."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from governance.audit.chain import Action, AuditEntry, Subject, SubjectKind
from governance.people.principal import Principal
from serving.database.engine import Store
from serving.repositories.audit import append


def note_export(
    store: Store, by: Principal, n_events: int, until: datetime, now: datetime
) -> None:
    told: dict[str, JsonValue] = {
        "events": n_events,
        "until": until.isoformat(),
    }
    _note(store, Action.EVENTS_EXPORTED, by, told, now)


def note_promotion(
    store: Store, by: Principal, change: Mapping[str, JsonValue], now: datetime
) -> None:
    _note(store, Action.MODEL_PROMOTED, by, change, now)


def _note(
    store: Store,
    action: Action,
    by: Principal,
    told: Mapping[str, JsonValue],
    now: datetime,
) -> None:
    subject = Subject(SubjectKind.SERVICE, action.value.partition("_")[0])
    entry = AuditEntry(action=action, by=by, subject=subject, after=told)
    with store.writing() as session:
        append(session, [entry], now)
