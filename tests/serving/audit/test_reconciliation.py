"""Changes of tables beside the audit: `frein audit verify` finds each."""

import re
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pysqlite3
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

import frein
from governance.audit.chain import id_of
from governance.people.privacy import ForgetReason
from governance.people.roles import Role
from serving.app.configuration import install_configuration
from serving.audit.seals import seal_events
from serving.audit.tombstones import Tombstones
from serving.audit.verification import anchor, note_end
from serving.auth.api_keys import issue_key
from serving.database.engine import SQLITE, Store
from serving.database.locks import changed_locks
from serving.runtime.service import Service
from tests.serving.builders import (
    NOW,
    make_event,
    make_key,
    make_person,
    make_wish,
    send,
    url_of,
    write,
)
from tests.serving.reserved import LOST, Headers

pytestmark = pytest.mark.usefixtures("command_line")
Tamper = Callable[[str], None]


@pytest.fixture
def headers(service: Service) -> Headers:
    """Of a key that the audit knows."""
    return make_key(service, in_audit=True)[1]


@pytest.fixture
def story(service: Service, client: TestClient, headers: Headers) -> Service:
    """A lead that Awa lost, conceded on and judged; all is sealed and anchored."""
    install_configuration(service.store, service.settings, service.pipeline, NOW)
    _, awa = make_person(service, Role.MANAGER)
    issue_key(service.store, make_wish(), NOW)
    send(
        client, headers, make_event(type="attributes_set", data={"owner": "Awa Diallo"})
    )
    path = "/v1/leads/L-1"
    for call, sent in {
        "notes": {"text": "Rappeler lundi"},
        "concessions": {"percent": 12, "reason": "Premier contrat"},
        "requalifications": {"priority": "elevee", "reason": "Accord verbal"},
        "stage-moves": {"to": "perdu", **LOST},
    }.items():
        answer = client.post(f"{path}/{call}", json=sent, headers=awa)
        assert answer.is_success, answer.text
    anchor(service.store, service.settings.anchors_folder, NOW)
    return service


def verify(*options: str) -> Result:
    return CliRunner().invoke(frein.app, ["audit", "verify", *options])


def test_a_story_that_nobody_touched_agrees(story: Service) -> None:
    for options in ([], ["--all"]):
        result = verify(*options)
        assert result.exit_code == 0, result.output


CHANGES = {
    "the signer of a decision": (
        "UPDATE decision SET signer = 'Paul Petit'",
        "The audit says otherwise: decision .*, signer",
    ),
    "a decision taken out": (
        "DELETE FROM decision",
        "it is gone: decision",
    ),
    "a reason": (
        "UPDATE decision SET reason = 'Accord du client'",
        "decision .*, reason",
    ),
    "the reason of a loss": (
        "UPDATE decision SET lost_reason = 'budget'",
        "decision .*, lost_reason",
    ),
    "the data of an event": (
        'UPDATE event SET data = \'{"owner": "Paul Petit"}\''
        " WHERE kind = 'attributes_set'",
        "event 1-.*, data",
    ),
    "an event taken out": (
        "DELETE FROM event WHERE kind = 'note_added'",
        "event 1-.*, data",
    ),
    "the stage of a lead": (
        "UPDATE lead SET stage = 'contacte'",
        "lead .*, stage",
    ),
    "the id of a lead": (
        "UPDATE lead SET external_id = 'L-2'",
        "lead .*, external_id",
    ),
    **{
        column: (f"UPDATE lead SET {column} = '{at}'", f"lead .*, {column}")
        for column, at in {
            "stage_at": "2199-01-01 00:00:00.000000",
            "owner_at": "2199-01-01 00:00:00.000000",
            "removed_at": "2199-01-01 00:00:00.000000",
            "entered_at": "2000-01-01 00:00:00.000000",
            "last_sign_at": "2000-01-01 00:00:00.000000",
        }.items()
    },
    "a tombstone": (
        "INSERT INTO tombstone (hash, forgotten_on, reason)"
        " VALUES ('forged', '2026-11-24', 'demande')",
        "is gone from beside the anchors: 1 stood",
    ),
    "a score": ("UPDATE lead SET score = 99", "lead .*, score"),
    "a skeleton": ("UPDATE lead SET skeleton = NULL", "lead .*, skeleton"),
    "the last score": ("UPDATE score SET score = 99", "lead .*, score"),
    "a role": ("UPDATE person SET role = 'admin'", "person .*, role"),
    "the name of a principal": (
        "UPDATE principal SET name = 'Paul Petit' WHERE name = 'Awa Diallo'",
        "principal .*, name",
    ),
    "such a name without its salt": (
        "UPDATE principal SET name = 'Paul Petit', salt = NULL"
        " WHERE name = 'Awa Diallo'",
        "principal .*, name",
    ),
    "a decision without a row": (
        "INSERT INTO decision (id, lead_id, from_stage, to_stage, reserved, clause,"
        " signer_kind, signer, decided_at) SELECT id, id, 'perdu', 'gagne', false,"
        " 'P-01', 'person', 'Awa Diallo', created_at FROM lead",
        "doesn't know of it: decision",
    ),
    "the percentage of a concession": (
        "UPDATE concession SET percent = 60",
        "concession .*, percent",
    ),
    "the date of a concession": (
        "UPDATE concession SET decided_at = '2027-01-01 00:00:00.000000'",
        "concession .*, decided_at",
    ),
    "a requalification": (
        "UPDATE requalification SET to_priority = 'basse'",
        "requalification .*, to_priority",
    ),
    "a priority": ("UPDATE lead SET priority = 'basse'", "lead .*, priority"),
    "a person added": (
        "INSERT INTO person (id, login, name, role, created_at)"
        " SELECT id, 'x', 'X', 'admin', created_at FROM lead",
        "doesn't know of it: person",
    ),
    "a person enabled": (
        "UPDATE person SET disabled_at = created_at",
        "person .*, disabled_at",
    ),
    "the name of an account": (
        "UPDATE person SET name = 'Paul Petit'",
        "person .*, name",
    ),
    "a password": ("UPDATE person SET password_hash = 'x'", "person .*, password_hash"),
    "an identity elsewhere": (
        "UPDATE person SET subject = 'https://login.example.fr 1'",
        "person .*, subject",
    ),
    "a session": (
        "INSERT INTO pass (id, person_id, kind, secret_sha256, created_at, expires_at)"
        " SELECT 'forged', id, 'session', 'x', created_at, created_at FROM person",
        "doesn't know of it: pass forged",
    ),
    "a key added": (
        "INSERT INTO api_key (id, name, secret_sha256, source, max_actor,"
        " default_actor, scopes, created_at) SELECT 'forged', name, 'x', source,"
        " max_actor, default_actor, scopes, created_at FROM api_key LIMIT 1",
        "doesn't know of it: api_key forged",
    ),
    "the secret of a session": (
        "UPDATE pass SET secret_sha256 = 'x'",
        "pass .*, secret_sha256",
    ),
    "the scopes of a key": (
        "UPDATE api_key SET scopes = 'leads moves privacy'",
        "api_key .*, scopes",
    ),
    "the secret of a key": (
        "UPDATE api_key SET secret_sha256 = 'x'",
        "api_key .*, secret_sha256",
    ),
    "a key revoked": (
        "UPDATE api_key SET revoked_at = created_at",
        "api_key .*, revoked_at",
    ),
    "a stage told as vouched for": (
        "UPDATE lead SET stage_assurance = 'vouched'",
        "lead .*, stage_assurance",
    ),
    "a stage told as signed": (
        "UPDATE lead SET stage = 'proposition', stage_assurance = 'signed'",
        "lead .*, stage_assurance",
    ),
    "a stage that was signed told as a machine's": (
        "UPDATE lead SET stage_assurance = 'automation'",
        "lead .*, stage_assurance",
    ),
    "the stage that was signed": (
        "UPDATE lead SET signed_stage = NULL",
        "lead .*, signed_stage",
    ),
    "an emergency access": (
        "INSERT INTO break_glass (id, login, reason, decides, broken_at)"
        " SELECT id, 'manager', 'x', true, created_at FROM lead",
        "doesn't know of it: break_glass",
    ),
    "a lock of a stage": (
        "UPDATE stage SET reserved = false WHERE name = 'negociation_finale'",
        "stage negociation_finale, reserved",
    ),
    "a threshold": (
        "UPDATE threshold SET value = 90 WHERE name LIKE '%manager'",
        "threshold concession_percent_manager, value",
    ),
    "a statement": (
        "UPDATE statement SET signer = 'Paul Petit'",
        "statement .*, signer",
    ),
    "a statement without a row": (
        "INSERT INTO statement SELECT id, id, 'priority_confirmed', 'Awa Diallo',"
        " created_at FROM lead",
        "doesn't know of it: statement",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_beside_the_audit_is_found(
    story: Service, tamper: Tamper, change: str
) -> None:
    statement, told = CHANGES[change]
    tamper(statement)
    result = verify("--all")
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert re.search(told, result.output), result.output


def test_a_tombstone_taken_out_is_found(story: Service) -> None:
    tombstones = Tombstones(story.settings.anchors_folder)
    made = tombstones.add("L-9", ForgetReason.REQUEST, NOW.date())
    result = verify()
    assert result.exit_code == 1
    assert f"it is gone: tombstone {made.hash}" in result.output


def test_an_event_that_an_effect_follows_from_is_missed_before_any_seal(
    service: Service, client: TestClient, headers: Headers, tamper: Tamper
) -> None:
    send(client, headers, make_event())  # gives the first priority
    with service.store.reading() as session:
        row = session.scalar(text("SELECT id FROM event"))
    tamper("DELETE FROM event")
    result = verify()
    assert (result.exit_code, f"it is gone: event {row}" in result.output) == (1, True)


class TestLocks:
    def test_that_are_dropped_are_told(self, story: Service) -> None:
        store = story.store
        is_sqlite = store.engine.dialect.name == SQLITE
        on = "" if is_sqlite else " ON lead"
        with store.reading() as session:
            created = session.scalar(
                text(
                    "SELECT sql FROM sqlite_master WHERE name = 'lead_stage_is_told'"
                    if is_sqlite
                    else "SELECT pg_get_triggerdef(oid) FROM pg_trigger"
                    " WHERE tgname = 'lead_stage_is_told'"
                )
            )
        write(store, f"DROP TRIGGER lead_stage_is_told{on}")
        try:
            result = verify()
            assert result.exit_code == 1
            assert "Lock: trigger lead_stage_is_told" in result.output
        finally:
            store.engine.dispose()  # SQLite's connections may know the old schema
            write(store, str(created))
        assert verify().exit_code == 0

    def test_that_are_added_or_changed_are_told(
        self, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("FREIN_DATABASE_URL", url_of(sqlite_store))
        monkeypatch.setenv("FREIN_AUDIT_FOLDER", str(tmp_path / "none"))
        write(
            sqlite_store,
            "DROP TRIGGER decision_never_changes",
            "CREATE TRIGGER decision_never_changes BEFORE UPDATE ON decision"
            " BEGIN SELECT 1; END",
            "CREATE TRIGGER mine AFTER INSERT ON audit BEGIN SELECT 1; END",
        )
        result = verify()
        assert "Lock: trigger decision_never_changes" in result.output
        assert "Lock: trigger mine" in result.output

    def test_that_a_dump_words_otherwise_are_the_same_and_others_are_not(
        self, postgres_store: Store
    ) -> None:
        with postgres_store.reading() as session:
            checks = session.execute(
                text(
                    "SELECT CAST(conrelid AS regclass) AS of_table, conname AS name,"
                    " pg_get_constraintdef(oid) AS definition FROM pg_constraint"
                    " WHERE contype = 'c' AND conname = 'reserved_for_people'"
                )
            ).one()

        def made_again(definition: str) -> None:
            put = f"DROP CONSTRAINT {checks.name}, ADD CONSTRAINT {checks.name}"
            write(postgres_store, f"ALTER TABLE {checks.of_table} {put} {definition}")

        made_again(checks.definition)
        assert changed_locks(postgres_store) == []
        made_again(checks.definition.replace("'person'", "'integration'"))
        try:
            assert changed_locks(postgres_store) == ["constraint reserved_for_people"]
        finally:
            made_again(checks.definition)


class TestAnchors:
    @pytest.mark.parametrize("how", ["emptied", "deleted"])
    def test_that_are_gone_while_their_key_is_there_are_told(
        self, story: Service, how: str
    ) -> None:
        path = story.settings.anchors_folder / "anchors.jsonl"
        path.unlink() if how == "deleted" else path.write_text("")
        result = verify()
        assert (result.exit_code, "emptied or removed" in result.output) == (1, True)

    def test_that_are_gone_with_their_key_are_told_by_the_audit(
        self, story: Service, client: TestClient, headers: Headers
    ) -> None:
        send(client, headers, make_event(id="2"))
        anchor(story.store, story.settings.anchors_folder, NOW + timedelta(hours=1))
        shutil.rmtree(story.settings.anchors_folder)
        result = verify()
        assert (result.exit_code, "its anchor is gone" in result.output) == (1, True)


class TestACopy:
    def test_that_lost_rows_is_told(self, story: Service) -> None:
        if story.store.engine.dialect.name != SQLITE:
            pytest.skip("PostgreSQL's files are not copied so")
        path = Path(str(story.store.engine.url.database))
        folder = story.settings.anchors_folder
        with closing(pysqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy = path.with_name("copy.db")
        make_person(story, name="Paul Petit", login="paul")  # is in the -wal file
        shutil.copy(path, copy)
        note_end(story.store, folder)
        story.store.close()
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(copy, path)
        result = verify()
        assert (result.exit_code, "copied without its -wal" in result.output) == (
            1,
            True,
        )

    def test_elsewhere_is_told(
        self, story: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        if story.store.engine.dialect.name != SQLITE:
            pytest.skip("PostgreSQL's files are not copied so")
        path, copy = Path(str(story.store.engine.url.database)), tmp_path / "copy.db"
        with closing(pysqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(path, copy)
        monkeypatch.setenv("FREIN_DATABASE_URL", f"sqlite:///{copy}")
        result = verify()
        assert (result.exit_code, "is a copy, or was moved" in result.output) == (
            1,
            True,
        )


def test_events_are_sealed_once(
    store: Store, service: Service, client: TestClient, headers: Headers
) -> None:
    assert seal_events(store, None, NOW) is None
    send(client, headers, make_event(), make_event(id="2"))
    seal = seal_events(store, None, NOW)
    assert seal is not None
    assert seal.count == 2
    assert seal_events(store, None, NOW) is None
    with store.reading() as session:
        assert session.scalar(text("SELECT action FROM audit ORDER BY seq DESC")) == (
            "events_sealed"
        )


def test_an_id_is_of_its_name(story: Service) -> None:
    with story.store.reading() as session:
        id, salt = session.execute(text("SELECT id, salt FROM lead")).one()
    assert id_of(salt, "L-1") == UUID(str(id))
