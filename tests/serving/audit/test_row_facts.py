"""Rows that wait for somebody, are held by somebody, or belong to somebody: verify
finds each that SQL changed, and the database refuses most of that."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.audit.reconciliation import faults, reconcile
from serving.auth.sessions import begin_session
from serving.database.engine import SQLITE
from serving.repositories.api_keys import Scope
from serving.runtime.service import Service
from tests.serving.builders import (
    CRM_SCOPES,
    NOW,
    make_event,
    make_key,
    make_person,
    send,
    write,
)


@pytest.fixture
def waiting(service: Service, client: TestClient) -> Service:
    """A lead of Jean's, lost in the CRM by Awa as a key vouches, against which the CRM
    says that it was won. A key proposes; Awa has suspended automation and signed in."""
    key = make_key(service, in_audit=True, scopes=CRM_SCOPES | {Scope.VOUCH})[1]
    awa, headers = make_person(service, Role.ADMIN, login="awa")
    begin_session(service.store, awa, NOW)
    told = {"type": "attributes_set", "data": {"owner": "Jean Roy"}}
    send(client, key, make_event(**told))
    path = "/v1/leads/L-1"
    for call, sent in (
        ("concessions", {"percent": 20}),
        ("stage-moves", {"to": "negociation_finale"}),
    ):
        answer = client.post(f"{path}/{call}", json=sent, headers=key)
        assert answer.status_code == 409, answer.text
    held = {"reason": "budget"}
    assert client.post(f"{path}/suspensions", json=held, headers=headers).is_success
    for kind, by, minutes in (("lost", "awa", 2), ("won", None, 1)):
        at = (NOW - timedelta(minutes=minutes)).isoformat()
        send(client, key, make_event(id=kind, type=kind, time=at, by=by, data={}))
    seen = client.get(path, headers=key).json()
    assert (seen["stage"], seen["vouched_stage"]) == ("perdu", "perdu")
    assert seen["observed_stage"] == "gagne"
    return service


TOLD_OTHERWISE = {
    "UPDATE proposal SET to_stage = 'perdu' WHERE concession_percent IS NULL": (
        "otherwise: proposal .*, to_stage"
    ),
    "UPDATE proposal SET concession_percent = 60 WHERE concession_percent = 20": (
        "proposal .*, concession_percent"
    ),
    "UPDATE task SET owner = 'Paul Petit' WHERE kind = 'decision_contredite'": (
        "task .*, owner"
    ),
    "UPDATE task SET status = 'closed', closed_by = 'Awa Diallo'"
    " WHERE kind = 'decision_contredite'": "task .*, status, closed_by",
    "UPDATE suspension SET begun_by = 'Paul Petit'": "suspension .*, begun_by",
    "UPDATE pass SET expires_at = '2027-11-24 09:00:00' WHERE kind = 'session'": (
        "pass .*, expires_at"
    ),
    "UPDATE pass SET authenticated_at = '2026-11-30 09:00:00' WHERE kind = 'session'": (
        "pass .*, authenticated_at"
    ),
    "UPDATE lead SET owner = 'Paul Petit', observed_stage = NULL,"
    " vouched_stage = 'gagne'": "lead .*, vouched_stage, owner",
    "INSERT INTO event (lead_id, event_id, source, kind, occurred_at, received_at,"
    " actor, data) SELECT id, 'forged', 'frein', 'attributes_set', created_at,"
    " created_at, 'automation', '{}' FROM lead": "doesn't know of it: event",
    "INSERT INTO task (id, lead_id, kind, owner, expected, due_on, status, created_at)"
    " SELECT id, id, 'regle', 'Awa Diallo', 'appel', '2026-11-24', 'open', created_at"
    " FROM lead": "doesn't know of it: task",
    "INSERT INTO suspension (id, lead_id, reason, begun_by, begun_at) SELECT id, id,"
    " 'budget', 'Awa Diallo', created_at FROM lead": "doesn't know of it: suspension",
}


def test_what_sql_changed_there_is_found(
    waiting: Service, tamper: Callable[[str], None]
) -> None:
    assert list(faults(reconcile(waiting.store), ())) == []
    for statement in TOLD_OTHERWISE:
        tamper(statement)
    found = list(faults(reconcile(waiting.store), ()))
    for told in TOLD_OTHERWISE.values():
        assert any(re.search(told, fault) for fault in found), (told, found)


def test_what_was_deleted_or_closed_as_somebody_is_found(
    waiting: Service, tamper: Callable[[str], None]
) -> None:
    tamper(
        "UPDATE proposal SET status = 'dismissed', decided_by_kind = 'person',"
        " decided_by = 'Awa Diallo', decided_at = created_at"
        " WHERE concession_percent IS NULL"
    )
    tamper("DELETE FROM task")
    tamper("DELETE FROM proposal WHERE concession_percent = 20")
    tamper("DELETE FROM suspension")
    found = list(faults(reconcile(waiting.store), ()))
    told = ["it is gone: task", "gone: proposal", "gone: suspension"]
    told.append("proposal .*, status, decided_by_kind, decided_by")
    for each in told:
        assert any(re.search(each, fault) for fault in found), (each, found)


REFUSED = {
    "UPDATE event SET source = 'frein'": "event_append_only",
    "UPDATE event SET kind = 'status_adjusted'": "event_append_only",
    "DELETE FROM event": "event_append_only",
    "UPDATE proposal SET to_stage = 'perdu'": "row_stands",
    "UPDATE proposal SET concession_percent = 60": "row_stands",
    "UPDATE proposal SET asked_by = 'Paul Petit'": "row_stands",
    "DELETE FROM proposal": "row_stands",
    "UPDATE task SET due_on = '2030-01-01'": "row_stands",
    "DELETE FROM task": "row_stands",
    "UPDATE suspension SET begun_by = 'Paul Petit'": "row_stands",
    "DELETE FROM suspension": "row_stands",
    "UPDATE pass SET expires_at = '2027-11-24 09:00:00'": "row_stands",
    **{
        "INSERT INTO event (lead_id, event_id, source, kind, occurred_at, received_at,"
        f" actor, data) SELECT id, 'forged {kind}', 'frein', '{kind}', created_at,"
        " created_at, 'automation', '{}' FROM lead": "reserved_for_people"
        for kind in ("status_adjusted", "priority_contested", "lost", "won")
    },
    "INSERT INTO decision (id, lead_id, from_stage, to_stage, reserved, clause,"
    " signer_kind, signer, decided_at) SELECT id, id, 'contacte', 'qualifie', false,"
    " 'P-01', 'person', 'Awa Diallo', created_at FROM lead": (
        "decision_begins_elsewhere"
    ),
    "INSERT INTO decision (id, lead_id, from_stage, to_stage, reserved, clause,"
    " signer_kind, signer, decided_at) SELECT id, id, stage, 'qualifie', false,"
    " 'P-01', 'integration', 'k', created_at FROM lead": "reserved_for_people",
}


def test_most_of_that_the_database_refuses(waiting: Service) -> None:
    for statement, code in REFUSED.items():
        with pytest.raises(IntegrityError, match=code):
            write(waiting.store, statement)
    if waiting.store.engine.dialect.name == SQLITE:
        with pytest.raises(IntegrityError, match="event_append_only"):
            write(waiting.store, "INSERT OR REPLACE INTO event SELECT * FROM event")


ENDED = {
    "pass": ("ended_at = created_at", "ended_at = NULL"),
    "suspension": ("ended_at = begun_at, ended_by = 'x'", "ended_by = 'y'"),
    "task": ("status = 'closed'", "status = 'open'"),
}


def test_what_has_ended_does_not_begin_again(waiting: Service) -> None:
    for table, (ended, again) in ENDED.items():
        write(waiting.store, f"UPDATE {table} SET {ended}")
        with pytest.raises(IntegrityError, match="row_stands"):
            write(waiting.store, f"UPDATE {table} SET {again}")
