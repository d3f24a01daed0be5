"""Signing in: how often, from where, what the audit keeps of it, and proof again."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from anyio import from_thread
from sqlalchemy import select
from starlette.testclient import TestClient

from governance.audit.chain import Subject, SubjectKind
from governance.people.roles import Role
from serving.app.application import create_app
from serving.app.scheduler import tick
from serving.auth import routes
from serving.auth.accounts import NewAccount, open_account
from serving.auth.sessions import (
    LOCKED_FOR,
    TRIES,
    Proof,
    begin_session,
    issue_token,
    sign_in,
)
from serving.database.engine import Store
from serving.database.tables import SignInTryRow
from serving.errors import SignInRefusedError, TooManyCallsError
from serving.repositories.audit import entries_on
from serving.repositories.persons import Person
from serving.repositories.sign_in_tries import STRANGERS_TRIES
from serving.runtime.call_limits import SlowCalls
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from tests.serving.builders import NOW, make_event, make_key, make_person, send
from tests.serving.fakes import SetClock

PASSWORD = "le cheval de Nantes"
HOME, STRANGER = Proof("192.0.2.1"), Proof("198.51.100.7")


@pytest.fixture
def awa(service: Service) -> Person:
    wish = NewAccount(
        login="awa", name="Awa Diallo", role=Role.ADMIN, password=PASSWORD
    )
    return open_account(service.store, wish, NOW)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password is told from a right one in no time."""
    monkeypatch.setattr(
        "serving.auth.sessions.is_right",
        lambda password, stored: stored is not None and password == PASSWORD,
    )
    monkeypatch.setattr(routes, "PATIENCE_SECONDS", 0)


def post(client: TestClient, password: str = PASSWORD, **more: str) -> Any:
    sent = {"login": "awa", "password": password} | more
    return client.post("/v1/session", json=sent)


def limited(service: Service, **settings: object) -> Service:
    """The service, with other settings."""
    return replace(service, settings=service.settings.model_copy(update=settings))


def actions(store: Store, person: Person) -> list[tuple[str, str | None]]:
    with store.reading() as session:
        entries = entries_on(session, Subject(SubjectKind.PERSON, person.id), 50)
    return [(entry.action, entry.means) for entry in entries]


def test_an_address_signs_in_so_often_and_is_told_when_again(
    service: Service, awa: Person
) -> None:
    client = TestClient(create_app(limited(service, sign_in_limit="3/minute")))
    assert [post(client).status_code for _ in range(3)] == [200] * 3
    refused = post(client)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_calls")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    page = client.post("/console/connexion", data={"login": "awa", "password": "x"})
    assert page.status_code == 429
    assert "Trop d’appels en peu de temps" in page.text


def test_wrong_keys_of_an_address_are_counted(service: Service) -> None:
    client = TestClient(create_app(limited(service, refusal_limit="3/minute")))
    wrong = {"Authorization": "Bearer frein_00000000_x"}
    told = [client.get("/v1/leads", headers=wrong).status_code for _ in range(4)]
    assert told == [401, 401, 401, 429]


def test_the_calls_of_a_key_are_counted(service: Service) -> None:
    client = TestClient(create_app(limited(service, key_limit="3/minute")))
    (_, mine), (_, other) = make_key(service), make_key(service)
    _, token = make_person(service)
    for headers in (mine, token):
        told = [client.get("/v1/leads", headers=headers).status_code for _ in range(4)]
        assert told == [200, 200, 200, 429]
    assert client.get("/v1/leads", headers=other).status_code == 200


def test_a_limit_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match="FREIN_SIGN_IN_LIMIT"):
        Settings(sign_in_limit="often")


class TestLockout:
    """Counted by account and address: a stranger locks nobody out."""

    def test_a_stranger_locks_the_account_for_themselves_alone(
        self, store: Store, awa: Person
    ) -> None:
        sign_in(store, "awa", PASSWORD, NOW, HOME)
        for _ in range(TRIES + 1):
            with pytest.raises(SignInRefusedError):
                sign_in(store, "awa", "faux", NOW, STRANGER)
        with pytest.raises(SignInRefusedError):
            sign_in(store, "awa", PASSWORD, NOW, STRANGER)
        assert sign_in(store, "awa", PASSWORD, NOW, HOME)
        later = NOW + LOCKED_FOR
        assert sign_in(store, "awa", PASSWORD, later, STRANGER)

    def test_many_strangers_are_stopped_and_a_known_address_is_not(
        self, store: Store, awa: Person
    ) -> None:
        sign_in(store, "awa", PASSWORD, NOW, HOME)
        for n in range(STRANGERS_TRIES):
            with pytest.raises(SignInRefusedError):
                sign_in(store, "awa", "faux", NOW, Proof(f"198.51.100.{n}"))
        with pytest.raises(SignInRefusedError):
            sign_in(store, "awa", PASSWORD, NOW, Proof("203.0.113.1"))
        assert sign_in(store, "awa", PASSWORD, NOW, HOME)
        later = NOW + timedelta(hours=1)
        assert sign_in(store, "awa", PASSWORD, later, Proof("203.0.113.1"))

    def test_addresses_are_forgotten_once_they_are_of_no_use(
        self, store: Store, service: Service, awa: Person
    ) -> None:
        sign_in(store, "awa", PASSWORD, NOW, HOME)
        for _ in range(TRIES):
            with pytest.raises(SignInRefusedError):
                sign_in(store, "awa", "faux", NOW, STRANGER)

        def known_after(**time: int) -> list[str]:
            tick(service, NOW + timedelta(**time))
            with store.reading() as session:
                return sorted(session.scalars(select(SignInTryRow.address)))

        assert known_after(minutes=59) == sorted([HOME.address, STRANGER.address])
        assert known_after(minutes=60) == [HOME.address]
        assert known_after(days=29) == [HOME.address]
        assert known_after(days=30) == []


def test_the_audit_has_sign_ins_refusals_and_ends(
    client: TestClient, store: Store, awa: Person
) -> None:
    client.base_url = "http://localhost"
    post(client, "faux")
    begun = post(client)
    csrf = {"X-CSRF-Token": begun.json()["csrf"]}
    client.delete("/v1/session", headers=csrf)
    assert actions(store, awa) == [
        ("person_added", "command_line"),
        ("sign_in_refused", "service"),
        ("signed_in", "console"),
        ("signed_out", "console"),
    ]


def test_a_sign_in_that_finds_the_queue_full_is_refused_at_once() -> None:
    calls, held, entered = SlowCalls(1, 0), threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        held.wait(10)

    with from_thread.start_blocking_portal() as portal:
        first = portal.start_task_soon(calls.run, hold)
        assert entered.wait(10)
        with pytest.raises(TooManyCallsError):
            portal.call(calls.run, hold)
        held.set()
        first.result(10)
        portal.call(calls.run, hold)  # there is room again


class TestProof:
    """A reserved decision within an hour of the password."""

    @pytest.fixture
    def session(
        self, client: TestClient, service: Service, awa: Person
    ) -> dict[str, str]:
        send(client, make_key(service)[1], make_event())
        begun = begin_session(service.store, awa, NOW)
        client.cookies.set("frein_session", begun.cookie)
        return {"X-CSRF-Token": begun.csrf}

    def move(self, client: TestClient, headers: dict[str, str], to: str) -> Any:
        moves = "/v1/leads/L-1/stage-moves"
        return client.post(moves, json={"to": to}, headers=headers)

    def test_it_is_asked_again_after_an_hour(
        self, client: TestClient, service: Service, session: dict[str, str]
    ) -> None:
        assert isinstance(service.clock, SetClock)
        service.clock.advance(timedelta(hours=1))
        refused = self.move(client, session, "negociation_finale")
        assert refused.status_code == 401
        assert refused.json()["code"] == "reauthentication_required"
        assert self.move(client, session, "qualifie").status_code == 200
        proof = "/v1/session/proof"
        wrong = client.post(proof, json={"password": "faux"}, headers=session)
        assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
        given = client.post(proof, json={"password": PASSWORD}, headers=session)
        assert given.status_code == 204
        assert self.move(client, session, "negociation_finale").status_code == 200

    def test_the_console_asks_and_leads_back(
        self, client: TestClient, service: Service, session: dict[str, str]
    ) -> None:
        assert isinstance(service.clock, SetClock)
        service.clock.advance(timedelta(hours=1))
        form = {"csrf": session["X-CSRF-Token"]}
        decide = {"to": "negociation_finale", "reason": "budget gelé"}
        asked = client.post("/console/opportunites/L-1/etape", data=form | decide)
        assert asked.status_code == 401
        assert "Confirmez que c’est vous" in asked.text
        assert "budget gelé" in asked.text  # what was typed isn't lost
        back = {"vers": "/console/opportunites/L-1", "password": PASSWORD}
        led = client.post(
            "/console/compte/preuve", data=form | back, follow_redirects=False
        )
        assert (led.status_code, led.headers["location"]) == (303, back["vers"])
        assert self.move(client, session, "negociation_finale").status_code == 200

    def test_a_token_signs_within_the_hour_of_its_owner_s_password(
        self, client: TestClient, service: Service, session: dict[str, str]
    ) -> None:
        client.cookies.clear()
        week = timedelta(days=7)
        token = issue_token(service.store, "awa", week, NOW, authenticated_at=NOW)
        headers = {"Authorization": f"Bearer {token}"}
        assert isinstance(service.clock, SetClock)
        service.clock.advance(timedelta(hours=1))
        assert self.move(client, headers, "negociation_finale").status_code == 401
        assert self.move(client, headers, "qualifie").status_code == 200
