"""Nothing of a person who was forgotten is left, and no lock is loosened for it."""

import logging
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from features.log import leave_out, log_digest, read_log, write_log
from governance.audit.chain import SYSTEM
from governance.people.privacy import ForgetReason
from governance.people.roles import Role
from serving.app.application import create_app
from serving.app.scheduler import LOOK_HOUR, tick
from serving.audit import seals
from serving.audit.reconciliation import reconcile
from serving.audit.verification import anchor, find_break, note_end
from serving.auth.accounts import NewAccount, open_account
from serving.automation.impact_report import report_of_service
from serving.backup.archive import back_up
from serving.backup.restore import restore
from serving.console.lead.personal_data import personal_data_page
from serving.database import engine
from serving.database.engine import SQLITE, Store
from serving.decisions.break_glass import break_glass
from serving.errors import LeadForgottenError
from serving.events.import_log import load_leads
from serving.privacy.export import export_of
from serving.privacy.forget import forget
from serving.repositories.api_keys import Scope
from serving.runtime.service import Service
from serving.runtime.settings import Forgotten
from tests.factories import make_event as make_logged
from tests.factories import make_log
from tests.governance.rule_builders import make_rules
from tests.postgres import Postgres
from tests.serving.builders import (
    NOW,
    as_the_command_line_has_it,
    make_event,
    make_key,
    make_person,
    send,
    url_of,
)

MARK = "QZ" + secrets.token_hex(6)
LEAD = f"{MARK}-lead"
WORDS = [f"{MARK}-{n:02}" for n in range(20)]
EMERGENCY = WORDS[6]  # why an emergency access was made: see `fill`
PASSWORD = "une phrase assez longue"
VACUUM = (
    "VACUUM (FULL) lead, event, score, task, notice, suspension, proposal, decision,"
    " concession, requalification, statement, break_glass, idempotent_call",
    "VACUUM (FULL) pg_catalog.pg_statistic",
    "SELECT pg_switch_wal()",
    "CHECKPOINT",
    "CHECKPOINT",
)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A log on disk of what came before, with the lead in it."""
    theirs = make_logged(lead_id=LEAD, event_id=WORDS[19])
    write_log(tmp_path / "history", make_log(theirs, make_logged(lead_id="L-other")))
    return tmp_path / "history"


@pytest.fixture
def service(service: Service, history: Path) -> Service:
    task = '{ create_task = { expected = "appel", working_days = 1 } }'
    return replace(
        service,
        settings=service.settings.model_copy(update={"history_log": history}),
        rules=make_rules({"then": task}),
    )


@pytest.fixture
def known(service: Service) -> Iterator[TestClient]:
    """A client of a service that knows the lead in every way there is."""
    with TestClient(create_app(service)) as client:
        fill(client, service)
        yield client


@pytest.fixture
def impatient(
    known: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite waits for who reads 0.1 s, not ten."""
    monkeypatch.setattr(engine, "_PRAGMAS", (*engine._PRAGMAS, "busy_timeout=100"))
    service.store.engine.dispose()  # its connections have the other limit


def fill(client: TestClient, service: Service) -> None:
    """Each word is told in one place, but for the last: the log of before has it."""
    _, crm = make_key(service, in_audit=True)
    boss, admin = make_person(service)
    w, lead = iter(WORDS[:-1]), f"/v1/leads/{LEAD}"

    def call(path: str, headers: dict[str, str], **sent: object) -> dict[str, object]:
        repeated = (
            {"Idempotency-Key": f"{next(w)} {LEAD}"} if sent.pop("once", 0) else {}
        )
        answer = client.post(path, json=sent, headers=headers | repeated)
        assert answer.is_success or answer.json().get("proposal_id"), answer.text
        return answer.json() if answer.content else {}

    about = {"name": next(w), "sector": next(w), "owner": "Awa Diallo"}
    send(
        client,
        crm,
        make_event(subject=LEAD, id=next(w), data={"page": next(w)}),
        make_event(subject=LEAD, id="2", type="attributes_set", data=about),
        make_event(subject=LEAD, id="3", type="note_added", data={"text": next(w)}),
        make_event(subject="L-other", id="4"),
    )
    asked = call(f"{lead}/stage-moves", crm, to="perdu", reason=next(w))
    proposal = UUID(str(asked["proposal_id"]))
    break_glass(service, boss, proposal, next(w), service.clock())
    call(f"/v1/proposals/{proposal}/dismiss", admin, reason=next(w), once=1)
    call(f"{lead}/stage-moves", admin, to="contacte", reason=next(w))
    call(f"{lead}/concessions", admin, percent=20, reason=next(w), once=1)
    call(f"{lead}/concessions", crm, percent=60, reason=next(w))
    said = {"reason": "autre", "text": next(w)}
    for path, words in (
        ("notes", {"text": next(w), "tone": 1}),
        ("suspensions", said),
        ("overrides", {"kind": "priority_confirmed", **said}),
        ("stage-moves", {"to": "negociation_finale", "reason": next(w)}),
    ):
        call(f"{lead}/{path}", admin, **words)
    closed = f"/v1/tasks/{_a_task(client, admin)}/close"
    call(closed, admin, reason=next(w), once=1)
    call(f"{lead}/objection", admin)
    ended = {"reason": next(w)}
    send(client, crm, make_event(subject=LEAD, id="5", type="lost", data=ended))
    assert list(w) == []


def _a_task(client: TestClient, headers: dict[str, str]) -> str:
    """One of the lead's that waits for no decision."""
    return next(
        str(task["id"])
        for task in client.get("/v1/tasks", headers=headers).json()["tasks"]
        if task["lead_id"] == LEAD and task["proposal_id"] is None
    )


def count(store: Store, table: str) -> int:
    with store.reading() as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def marks_in(folder: Path) -> list[str]:
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and MARK.encode() in path.read_bytes()
    ]


def rows_with_marks(store: Store) -> list[str]:
    """Tables that still name the lead, in any column."""
    query = (
        "SELECT table_name FROM information_schema.tables WHERE table_schema='public'"
    )
    if store.engine.dialect.name == SQLITE:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    found = []
    with store.reading() as session:
        for table in sorted(session.scalars(text(query)).all()):
            rows = session.execute(text(f'SELECT * FROM "{table}"')).all()
            found += [table for row in rows if MARK in repr(tuple(row))]
    return sorted(found)


@pytest.fixture
def command_line(
    service: Service, monkeypatch: pytest.MonkeyPatch, history: Path
) -> Service:
    """The command line works on the fixtures' store; an administrator can sign in."""
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.setenv("FREIN_AUDIT_FOLDER", str(service.settings.anchors_folder))
    monkeypatch.setenv("FREIN_HISTORY_LOG", str(history))
    monkeypatch.delenv("FREIN_TOKEN", raising=False)
    monkeypatch.setattr("serving.cli.sign_in._is_terminal", lambda: True)
    as_the_command_line_has_it(service)
    boss = NewAccount(
        login="chef@x.fr", name="Léa Roc", role=Role.ADMIN, password=PASSWORD
    )
    open_account(service.store, boss, service.clock())
    return service


def run(*arguments: str) -> str:
    done = CliRunner().invoke(frein.app, [*arguments], input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    return done.output


def test_nothing_is_left(
    known: TestClient,
    command_line: Service,
    analysed: None,
    no_bytes_are_left: Callable[[], None],
    history: Path,
) -> None:
    store, folder = command_line.store, command_line.settings.anchors_folder
    anchor(store, folder, NOW)
    held = {"event", "lead", "score", "decision", "concession", "proposal", "task"}
    assert held <= set(rows_with_marks(store))
    assert reconcile(store).differences == []
    decided = [count(store, name) for name in ("decision", "concession")]
    store.close()  # else its connections may read just then

    told = run("leads", "forget", LEAD, "--by", "chef@x.fr", "--reason", "demande")

    assert rows_with_marks(store) == []
    assert [count(store, name) for name in ("decision", "concession")] == decided
    assert find_break(store, folder, whole=True) is None
    assert reconcile(store).differences == []
    assert set(read_log(history).events["lead_id"]) == {"L-other"}
    is_sqlite = store.engine.dialect.name == SQLITE
    assert ("VACUUM (FULL)" in told) is not is_sqlite
    no_bytes_are_left()


@pytest.fixture
def analysed(store: Store) -> None:
    """PostgreSQL has its statistics of what the lead's data were."""
    if store.engine.dialect.name != SQLITE:
        with store.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


@pytest.fixture
def no_bytes_are_left(
    store: Store, request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[], None]:
    """Sees that no file holds a mark, after what `frein leads forget` tells to do."""
    if store.engine.dialect.name == SQLITE:
        return lambda: _no_marks(tmp_path)
    postgres: Postgres = request.getfixturevalue("postgres")

    def check() -> None:
        with postgres.superuser(str(store.engine.url.database)) as superuser:
            samples = superuser.execute(text("SELECT * FROM pg_stats")).all()
            assert MARK not in repr(samples)
            for statement in VACUUM:
                superuser.execute(text(statement))
        _no_marks(postgres.data)
        _no_marks(tmp_path)

    return check


def _no_marks(folder: Path) -> None:
    assert marks_in(folder) == []


def test_the_locks_hold_after_as_before(known: TestClient, service: Service) -> None:
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    for statement in (
        "UPDATE decision SET reason = NULL",
        "DELETE FROM concession",
        "UPDATE audit SET action = 'nothing'",
    ):
        refused = pytest.raises(Exception, match=r"append_only|denied")
        with refused, service.store.writing() as session:
            session.execute(text(statement))


def test_the_audit_and_a_tombstone_say_that_it_was_forgotten(
    known: TestClient, service: Service
) -> None:
    _, officer = make_key(service, in_audit=True, scopes=frozenset({Scope.PRIVACY}))
    path = f"/v1/leads/{LEAD}?reason"
    refused = known.delete(f"{path}=car+Awa+le+dit", headers=officer).json()
    assert (refused["code"], refused["field"]) == ("request_invalid", "reason")
    assert all(reason.value in refused["detail"] for reason in ForgetReason)
    answer = known.delete(f"{path}=erreur", headers=officer)
    assert answer.status_code == 200, answer.text
    with service.store.reading() as session:
        (kept,) = session.execute(text("SELECT reason, hash FROM tombstone")).all()
        why = session.scalar(
            text("SELECT why FROM audit WHERE action = 'lead_forgotten'")
        )
    assert kept.reason == "erreur"
    assert why == '{"reason":"erreur","sealed":[]}'
    folder = service.settings.anchors_folder
    assert kept.hash in (folder / "tombstones.jsonl").read_text()
    assert (folder / "tombstones.key").stat().st_mode & 0o077 == 0


def test_nobody_sees_it_any_more(known: TestClient, service: Service) -> None:
    _, headers = make_key(service, in_audit=True)
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    for path in (f"/v1/leads/{LEAD}", f"/v1/audit?lead_id={LEAD}"):
        assert known.get(path, headers=headers).status_code == 404
    listed = known.get("/v1/leads?with_closed=true", headers=headers).json()
    assert [lead["lead_id"] for lead in listed["leads"]] == ["L-other"]
    assert listed["total"] == 1
    assert known.get("/v1/tasks?status=closed", headers=headers).json()["tasks"] == []
    tick(service, NOW)


def test_sent_again_it_is_refused(known: TestClient, service: Service) -> None:
    _, headers = make_key(service, in_audit=True)
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    again = make_event(id="again", subject=LEAD)
    sent = send(known, headers, make_event(id="new", subject="L-new"), again)
    assert (sent["accepted"], sent["duplicates"]) == (1, 0)
    assert [(r["index"], r["code"]) for r in sent["rejected"]] == [
        (1, "lead_forgotten")
    ]
    alone = known.post("/v1/events", json=again, headers=headers)
    assert (alone.status_code, alone.json()["code"]) == (410, "lead_forgotten")


def _cut_off(*_: object) -> None:
    raise KeyboardInterrupt


def test_cut_off_before_the_log_it_leaves_the_log_when_asked_again(
    known: TestClient,
    service: Service,
    history: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("serving.privacy.forget.forget_in_log", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, service.clock())
    assert LEAD in set(read_log(history).events["lead_id"])
    with pytest.raises(LeadForgottenError):
        forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, service.clock())
    assert set(read_log(history).events["lead_id"]) == {"L-other"}


@pytest.fixture
def logged_only(service: Service) -> Iterator[TestClient]:
    """A client of a service whose history log alone has the lead."""
    with TestClient(create_app(service)) as client:
        yield client


def test_one_of_the_history_log_alone_is_exported_and_forgotten(
    logged_only: TestClient, service: Service, history: Path
) -> None:
    _, officer = make_key(service, in_audit=True, scopes=frozenset({Scope.PRIVACY}))
    path = f"/v1/leads/{LEAD}"
    held = logged_only.get(f"{path}/export", headers=officer).json()
    assert [event["id"] for event in held["history"]] == [WORDS[19]]
    page = personal_data_page(service, export_of(service, LEAD, service.clock()))
    assert WORDS[19] in page.decode()
    for file in filter(Path.is_file, history.rglob("*")):
        file.chmod(0o640)
    answer = logged_only.delete(path, headers=officer)
    assert answer.status_code == 200, answer.text
    assert set(read_log(history).events["lead_id"]) == {"L-other"}
    for file in filter(Path.is_file, history.rglob("*")):
        assert file.stat().st_mode & 0o777 == 0o640
    assert reconcile(service.store).differences == []
    again = logged_only.delete(path, headers=officer)
    assert (again.status_code, again.json()["code"]) == (410, "lead_forgotten")
    assert logged_only.get(f"{path}/export", headers=officer).status_code == 404
    assert logged_only.delete("/v1/leads/L-0", headers=officer).status_code == 404


def test_one_of_the_history_log_alone_objects(
    logged_only: TestClient, service: Service
) -> None:
    _, headers = make_key(service, in_audit=True)
    _, admin = make_person(service, Role.ADMIN)
    path = f"/v1/leads/{LEAD}"
    assert logged_only.post(f"{path}/objection", headers=admin).status_code == 201
    assert logged_only.get(path, headers=headers).json()["objected_at"] is not None
    assert reconcile(service.store).differences == []
    unknown = logged_only.post("/v1/leads/L-0/objection", headers=admin)
    assert unknown.status_code == 404


def test_a_log_whose_leads_are_all_forgotten_makes_no_report(
    service: Service, history: Path
) -> None:
    leave_out(history, lambda leads: leads)
    assert report_of_service(service, None) is None


def test_a_log_cut_off_while_it_is_written_anew_is_whole(
    known: TestClient,
    service: Service,
    history: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = log_digest(history)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, service.clock())
    assert log_digest(history) == before
    assert LEAD in set(read_log(history).events["lead_id"])
    with pytest.raises(LeadForgottenError):
        forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, service.clock())
    assert set(read_log(history).events["lead_id"]) == {"L-other"}
    assert {path.name for path in history.iterdir()} == {
        *("events", "log.toml", "manifest.json")
    }
    assert len(list(history.glob("events/*/*"))) == 1


def test_all_that_was_said_is_exported(known: TestClient, service: Service) -> None:
    """But for the words in the keys of calls, which are the caller's."""
    export = export_of(service, LEAD, service.clock())
    held = export.content()
    page = personal_data_page(service, export).decode()
    assert [row["reason"] for row in held["break_glass"]] == [EMERGENCY]
    unsaid = [word for word in WORDS if word not in orjson.dumps(held).decode()]
    assert unsaid == [word for word in WORDS if word not in page]
    assert unsaid == [WORDS[8], WORDS[11], WORDS[17]]  # keys of calls
    told = _without_tags(page)
    assert "nature : Note de terrain" in told
    codes = ("signer kind", "owner at", "nature : regle", "nature : note_added")
    assert [code for code in codes if code in told] == []


def test_priorities_are_told_in_words(known: TestClient, service: Service) -> None:
    _, paul = make_person(service, name="Paul Petit", login="paul")
    change = {"priority": "elevee", "reason": "Accord verbal"}
    asked = known.post(f"/v1/leads/{LEAD}/requalifications", json=change, headers=paul)
    assert asked.is_success
    export = export_of(service, LEAD, service.clock())
    told = _without_tags(personal_data_page(service, export).decode())
    assert "à la priorité : élevée" in told


def _without_tags(page: str) -> str:
    return re.sub(r"\s", " ", re.sub("<[^>]+>", "", page))


def test_a_log_that_is_loaded_leaves_it_out(
    known: TestClient, service: Service
) -> None:
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    log = make_log(
        make_logged(lead_id=LEAD, event_id="x1"),
        make_logged(lead_id="L-3", event_id="x2"),
    )
    load_leads(service, log, [LEAD, "L-3"], NOW, lambda _: None)
    assert rows_with_marks(service.store) == []
    with service.store.reading() as session:
        named = text("SELECT count(*) FROM lead WHERE external_id = 'L-3'")
        assert session.scalar(named) == 1


def test_it_begins_afresh_where_the_setting_says_so(
    known: TestClient, service: Service
) -> None:
    _, headers = make_key(service, in_audit=True)
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    afresh = service.settings.model_copy(update={"forgotten_again": Forgotten.AFRESH})
    with TestClient(create_app(replace(service, settings=afresh))) as client:
        sent = send(client, headers, make_event(id="again", subject=LEAD))
        assert sent["accepted"] == 1
        lead = client.get(f"/v1/leads/{LEAD}", headers=headers).json()
    assert lead["stage"] == "nouveau"
    assert lead["conceded"]["percent"] == 0


def test_a_restored_store_forgets_again(
    known: TestClient,
    service: Service,
    no_bytes_are_left: Callable[[], None],
    tmp_path: Path,
) -> None:
    folder = service.settings.anchors_folder
    anchor(service.store, folder, NOW)
    back_up(service.store, folder, tmp_path / "b" / "backup", NOW)
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    note_end(service.store, folder)
    service.store.close()
    restore(url_of(service.store), folder, tmp_path / "b" / "backup", NOW, verify=True)
    (tmp_path / "b" / "backup").unlink()
    assert rows_with_marks(service.store) == []
    assert find_break(service.store, folder, whole=True) is None
    found = reconcile(service.store)
    assert (found.differences, found.changed_locks, found.moved_from) == ([], [], None)
    service.store.close()
    no_bytes_are_left()
    _, headers = make_key(service, in_audit=True)
    sent = send(known, headers, make_event(id="again", subject=LEAD))
    assert [r["code"] for r in sent["rejected"]] == ["lead_forgotten"]


def test_who_began_afresh_since_is_restored(
    known: TestClient, service: Service, tmp_path: Path
) -> None:
    _, headers = make_key(service, in_audit=True)
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    afresh = service.settings.model_copy(update={"forgotten_again": Forgotten.AFRESH})
    later = NOW + timedelta(days=1)
    with TestClient(create_app(replace(service, settings=afresh))) as client:
        service.clock.now = later  # type: ignore[attr-defined]  # a SetClock
        send(client, headers, make_event(id="again", subject=LEAD))
    folder, backup = service.settings.anchors_folder, tmp_path / "backup"
    back_up(service.store, folder, backup, later)
    service.store.close()
    restore(url_of(service.store), folder, backup, later, verify=True)
    assert rows_with_marks(service.store) == ["lead", "score"]


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "not sealed yet"])
def test_the_log_that_is_left_is_held_to_its_seals(
    known: TestClient, service: Service, tamper: Callable[[str], None], sealed: bool
) -> None:
    """The rows of the end of the log go, and no other gets their numbers."""
    store, folder = service.store, service.settings.anchors_folder
    _, headers = make_key(service, in_audit=True)
    if sealed:
        anchor(store, folder, NOW)
        send(known, headers, make_event(subject=LEAD, id="the last"))
        anchor(store, folder, NOW)
    with store.reading() as session:
        last = session.scalar(text("SELECT max(id) FROM event"))
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    assert reconcile(store).differences == []
    send(known, headers, make_event(subject="L-other", id="after"))
    anchor(store, folder, NOW)
    assert reconcile(store).differences == []
    with store.reading() as session:
        after = text("SELECT id FROM event WHERE event_id = 'after'")
        assert session.scalar(after) > last
    tamper("UPDATE event SET data = '{}' WHERE event_id = '4'")
    assert [d.table for d in reconcile(store).differences] == ["event"]


def test_a_seal_that_was_under_way_is_made_again(
    impatient: None, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any) -> seals.Seal:
        forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
        return seal_of(*arguments)

    seal_of = seals.seal_of
    monkeypatch.setattr(seals, "seal_of", interrupted)
    assert seals.seal_events(service.store, None, NOW) is None
    monkeypatch.undo()
    assert seals.seal_events(service.store, None, NOW) is not None
    assert reconcile(service.store).differences == []


def test_who_ties_the_decisions_to_somebody_again_is_found(
    known: TestClient, service: Service
) -> None:
    forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
    tied = f"UPDATE lead SET external_id = '{LEAD}' WHERE forgotten_at IS NOT NULL"
    hidden = "UPDATE lead SET forgotten_at = created_at WHERE external_id = 'L-other'"
    with service.store.writing() as session:
        session.execute(text(tied))
        session.execute(text(hidden))
    found = {(d.table, d.columns) for d in reconcile(service.store).differences}
    assert found == {("lead", ("external_id",)), ("lead", ("forgotten_at",))}


def test_a_call_that_forgets_leaves_no_answer(
    known: TestClient, service: Service
) -> None:
    _, officer = make_key(service, in_audit=True, scopes=frozenset({Scope.PRIVACY}))
    once = officer | {"Idempotency-Key": f"forget {LEAD}"}
    assert known.delete(f"/v1/leads/{LEAD}", headers=once).status_code == 200
    assert rows_with_marks(service.store) == []
    assert known.delete(f"/v1/leads/{LEAD}", headers=once).status_code in {404, 410}
    assert rows_with_marks(service.store) == []


@pytest.mark.parametrize("store", ["sqlite_store"], indirect=True)
def test_what_others_read_just_then_goes_with_a_later_tick(
    impatient: None, service: Service, tmp_path: Path, history: Path
) -> None:
    other = Store(url_of(service.store), pool_size=1)
    with other.reading() as session:
        session.execute(text("SELECT count(*) FROM event"))
        done = forget(
            service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW, may_rewrite=True
        )
        assert not done.is_scrubbed
    tick(service, NOW.replace(hour=LOOK_HOUR) + timedelta(days=1))
    other.close()
    _no_marks(tmp_path)


def test_a_key_that_forgets_asks_for_no_change(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    command = ["keys", "create", "X", "--source", "crm"]
    refused = CliRunner().invoke(
        frein.app, [*command, "--scope", "privacy", "--scope", "moves"]
    )
    assert refused.exit_code != 0


def test_logs_never_name_a_lead(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="frein")
    with TestClient(create_app(service)) as client:
        fill(client, service)
        forget(service, LEAD, ForgetReason.REQUEST, SYSTEM, NOW)
        _, headers = make_key(service, in_audit=True)
        client.get(f"/v1/leads/{LEAD}", headers=headers)
    ours = [r for r in caplog.records if r.name.startswith(("frein", "serving"))]
    assert ours
    assert MARK not in repr([vars(record) for record in ours])
