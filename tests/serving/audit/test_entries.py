"""What each change leaves in the audit, and who may touch it: nobody."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from governance.policy.locks import Brake
from serving.app.application import create_app
from serving.audit.trace import Trace, trace_of
from serving.audit.verification import find_break
from serving.auth.api_keys import issue_key, replace_key
from serving.database.engine import Store
from serving.decisions.proposals import confirm, dismiss
from serving.errors import PersonRequiredError
from serving.repositories.audit import AuditRecord, entries_about
from serving.repositories.leads import find_lead
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Wish
from serving.transaction.unit_of_work import record
from tests.serving.builders import (
    AWA,
    LOSS,
    NOW,
    make_event,
    make_key,
    make_person,
    make_wish,
    send,
    url_of,
    write,
)
from tests.serving.decisions.test_locks import applies_all
from tests.serving.events.test_observations import moved

Tree = dict[str, Any]


def entries(service: Service) -> list[AuditRecord]:
    with service.store.reading() as session:
        lead = find_lead(session, "L-1")
        assert lead is not None
        return entries_about(session, lead.id, 500)


def tree(service: Service) -> list[Tree]:
    """The trace of L-1, by action: what follows stands below."""
    trace = trace_of(service.store, "L-1", 500)

    def grown(found: list[AuditRecord], trace: Trace) -> list[Tree]:
        return [{one.action: grown(trace.following(one.id), trace)} for one in found]

    return grown(trace.beginnings(), trace)


def ask(client: TestClient, headers: dict[str, str], to: str = "perdu") -> Any:
    sent = {"to": to, "reason": "Jeanne Martin est prête"}
    return client.post("/v1/leads/L-1/stage-moves", json=sent, headers=headers).json()


FIRST: Tree = {"priority_changed": []}
CLOSED: Tree = {"proposal_closed": [{"task_closed": []}]}
PROPOSED: Tree = {"move_refused": [{"proposal_opened": [{"task_opened": []}]}]}


def proposed(*after: Tree) -> Tree:
    return {"move_refused": [{"proposal_opened": [{"task_opened": []}, *after]}]}


class TestWhatIsRecorded:
    def test_a_priority_follows_from_its_event_and_says_why(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())

        (entry,) = entries(service)
        assert (entry.action, entry.who.name) == ("priority_changed", "frein")
        assert entry.before == {"priority": None}
        assert entry.after == {"priority": "normale"}
        assert (entry.why["model_version"], entry.why["grade"]) == ("1", "D")
        assert entry.why["reasons"] == [
            {"idea": "rythme", "direction": "up", "points": 1.0, "check": "deletion"}
        ]
        fact = trace_of(service.store, "L-1", 9).events[entry.cause.event or 0]
        assert (fact.source, fact.event_id, fact.kind) == ("crm", "1", "page_viewed")

    def test_an_event_that_changes_no_priority_leaves_nothing(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        send(client, headers, make_event(id="2"))
        assert len(entries(service)) == 1

    def test_each_refusal_is_recorded_and_the_first_opens_a_proposal(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        ask(client, headers)
        ask(client, headers)

        assert tree(service) == [FIRST, PROPOSED, {"move_refused": []}]
        refused, opened, task = entries(service)[1:4]
        assert (refused.who.kind, opened.who.kind) == ("integration", "integration")
        assert refused.why == {"asked": "perdu", "clause": "P-02", "held_by": None}
        assert [one.cause.depth for one in (refused, opened, task)] == [0, 1, 2]
        assert len({one.cause.correlation for one in (refused, opened, task)}) == 1

    def test_a_lock_that_held_is_named(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        braked = replace(service, brake=Brake(judge=applies_all))
        ask(TestClient(create_app(braked)), headers)
        (refused,) = [e for e in entries(service) if e.action == "move_refused"]
        assert refused.why["held_by"] == "action_not_automatic"

    def test_a_confirmed_proposal_is_one_chain_from_the_refusal_to_the_move(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        make_person(service)
        confirm(
            service,
            UUID(ask(client, headers)["proposal_id"]),
            AWA,
            replace(LOSS, text="oui"),
            NOW,
        )

        assert tree(service)[1:] == [proposed({"stage_moved": [CLOSED]})]
        (made,) = [one for one in entries(service) if one.action == "stage_moved"]
        assert (made.who.kind, made.who.name) == ("person", "Awa Diallo")
        assert (made.before, made.after) == ({"stage": "nouveau"}, {"stage": "perdu"})
        assert made.cause.depth == 0  # a person's act begins again

    def test_a_dismissed_proposal(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        dismiss(service, UUID(ask(client, headers)["proposal_id"]), AWA, "non", NOW)
        assert tree(service)[1:] == [proposed(CLOSED)]

    def test_a_move_seen_in_the_crm(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        ask(client, headers)
        send(client, headers, moved("perdu", actor="automation"))

        observed: Tree = {"stage_observed": [{"task_opened": []}]}
        assert tree(service)[1:] == [PROPOSED, observed]

    def test_a_key_that_tries_to_decide(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        waiting = ask(client, headers)["proposal_id"]
        key, other = make_key(service)
        client.post(f"/v1/proposals/{waiting}/confirm", headers=other)
        with pytest.raises(PersonRequiredError):
            dismiss(service, UUID(waiting), key.principal, "non", NOW)

        refusals: list[Tree] = [{"decision_refused": []}, {"decision_refused": []}]
        assert tree(service)[1:] == [proposed(*refusals)]
        assert entries(service)[-1].who.name == key.id

    def test_keys_made_and_revoked(self, store: Store) -> None:
        issue_key(store, make_wish(name="Jeanne Martin"), NOW)
        replace_key(store, make_wish(name="Jeanne Martin"), NOW)
        actions = [row["action"] for row in kept(store)]
        assert actions == ["key_created", "key_revoked", "key_created"]
        assert "Jeanne" not in str(kept(store))

    def test_what_fails_leaves_nothing(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        before = kept(service.store)
        write(service.store, "DELETE FROM score")

        def fails(_: object) -> Plan:
            raise RuntimeError("half way")

        wish = Wish(lead_ids=frozenset({"L-1"}), plan=fails)
        with pytest.raises(RuntimeError):
            record(service, wish, NOW)
        assert kept(service.store) == before

    def test_no_personal_data_is_kept(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, moved("qualifie"))
        send(
            client, headers, make_event(type="attributes_set", data={"owner": "Jo Roy"})
        )
        make_person(service)
        confirm(
            service,
            UUID(ask(client, headers)["proposal_id"]),
            AWA,
            replace(LOSS, text="Zut"),
            NOW,
        )
        text = str(kept(service.store))
        for personal in ("L-1", "Awa", "Diallo", "Jeanne", "Jo Roy", "Zut"):
            assert personal not in text

    def test_who_was_forgotten_is_still_an_id(
        self, client: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        send(client, headers, make_event())
        dismiss(service, UUID(ask(client, headers)["proposal_id"]), AWA, "non", NOW)
        write(service.store, "DELETE FROM principal WHERE kind = 'person'")
        names = {one.who.kind: one.who.name for one in entries(service)}
        assert names["person"] is None
        assert (
            find_break(service.store, service.settings.anchors_folder, whole=True)
            is None
        )


def test_two_processes_write_one_chain(service: Service) -> None:
    other = Store(url_of(service.store))
    stores = (service.store, other)

    def create(index: int) -> None:
        issue_key(stores[index % 2], make_wish(), NOW)

    create(0)  # who is met the first time is met once
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(1, 30)))
    other.close()

    assert [row["seq"] for row in kept(service.store)] == [*range(1, 31)]
    folder = service.settings.anchors_folder
    assert find_break(service.store, folder, whole=True) is None


class TestNothingIsTakenBack:
    @pytest.mark.parametrize(
        "statement", ["UPDATE audit SET why = '{}'", "DELETE FROM audit"]
    )
    def test_no_row_changes_or_leaves(
        self, client: TestClient, headers: dict[str, str], store: Store, statement: str
    ) -> None:
        send(client, headers, make_event())
        before = kept(store)
        with pytest.raises(DBAPIError, match=r"append_only|permission denied"):
            write(store, statement)
        assert kept(store) == before

    @pytest.mark.parametrize("pragma", ["ON", "OFF"])
    @pytest.mark.parametrize("same", ["seq", "id"])
    def test_sqlite_replaces_none(
        self, sqlite_store: Store, same: str, pragma: str
    ) -> None:
        forge = {"seq": "1, 'other'", "id": "2, id"}[same]
        rest = (
            "at, who_kind, who_id, action, lead_id, subject_kind, subject_id,"
            " state_before, state_after, why, correlation_id, causation_id, event_id,"
            " depth, previous, hash, means"
        )
        issue_key(sqlite_store, make_wish(), NOW)
        forged = f"INSERT OR REPLACE INTO audit SELECT {forge}, {rest} FROM audit"
        with sqlite_store.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA recursive_triggers={pragma}")
            with pytest.raises(DBAPIError, match="append_only"):
                connection.execute(text(forged))

    def test_postgresql_truncates_none(self, postgres_store: Store) -> None:
        issue_key(postgres_store, make_wish(), NOW)
        with pytest.raises(DBAPIError, match="permission denied"):
            write(postgres_store, "TRUNCATE audit")
        with pytest.raises(DBAPIError, match="append_only"):
            write(
                postgres_store,
                "GRANT TRUNCATE ON audit TO CURRENT_USER",
                "TRUNCATE audit",
            )
        with pytest.raises(DBAPIError, match="append_only"):
            write(
                postgres_store,
                "GRANT UPDATE, DELETE ON audit TO CURRENT_USER",
                "DELETE FROM audit",
            )


def kept(store: Store) -> list[dict[str, Any]]:
    """The whole table."""
    with store.reading() as session:
        rows = session.execute(text("SELECT * FROM audit ORDER BY seq"))
        return [dict(row) for row in rows.mappings()]
