"""Persons: passwords, sessions, tokens; and what a session's writes must bring."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.auth.accounts import (
    NewAccount,
    change_password,
    close_account,
    open_account,
)
from serving.auth.sessions import IDLE, LOCKED_FOR, SESSION_LENGTH, TRIES
from serving.database.engine import Store
from serving.database.tables import Base
from serving.errors import RequestInvalidError
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_person
from tests.serving.fakes import SetClock

PASSWORD = "le cheval de Nantes"


@pytest.fixture
def awa(service: Service) -> str:
    """The login of a person who has a password."""
    wish = NewAccount(
        login="Awa@example.fr", name="Awa Diallo", role=Role.SALES, password=PASSWORD
    )
    return open_account(service.store, wish, NOW).login


def sign_in(client: TestClient, login: str, password: str = PASSWORD) -> Any:
    return client.post("/v1/session", json={"login": login, "password": password})


def test_a_session_reads_with_its_cookie_and_writes_with_its_token(
    client: TestClient, awa: str
) -> None:
    client.base_url = "http://localhost"
    begun = sign_in(client, " AWA@example.fr ")
    cookie = begun.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert begun.json()["person"]["name"] == "Awa Diallo"

    assert client.get("/v1/session").json() == begun.json()
    assert client.get("/v1/leads").status_code == 200
    for given in (b"", "é".encode(), b"0" * 64):
        answer = client.delete("/v1/session", headers={b"X-CSRF-Token": given})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_missing")
    csrf = {"X-CSRF-Token": begun.json()["csrf"]}
    kept = {"Cookie": cookie.partition(";")[0]}
    assert client.delete("/v1/session", headers=csrf).status_code == 204
    assert client.get("/v1/session", headers=kept).json()["code"] == "key_invalid"


def test_a_cookie_is_secure_but_on_loopback(client: TestClient, awa: str) -> None:
    assert "Secure" in sign_in(client, awa).headers["set-cookie"]
    client.base_url = "http://127.0.0.1"
    assert "Secure" not in sign_in(client, awa).headers["set-cookie"]


def test_a_session_expires(client: TestClient, service: Service, awa: str) -> None:
    kept = {"Cookie": sign_in(client, awa).headers["set-cookie"].partition(";")[0]}
    assert isinstance(service.clock, SetClock)
    for _ in range(11):  # it is used meanwhile
        service.clock.advance(timedelta(hours=1))
        assert client.get("/v1/session", headers=kept).status_code == 200
    service.clock.advance(SESSION_LENGTH - timedelta(hours=11, seconds=1))
    assert client.get("/v1/session", headers=kept).status_code == 200
    service.clock.advance(timedelta(seconds=1))
    assert client.get("/v1/session", headers=kept).status_code == 401


def test_a_session_that_nobody_uses_ends(
    client: TestClient, service: Service, awa: str
) -> None:
    kept = {"Cookie": sign_in(client, awa).headers["set-cookie"].partition(";")[0]}
    assert isinstance(service.clock, SetClock)
    service.clock.advance(IDLE)
    assert client.get("/v1/session", headers=kept).status_code == 401


def test_too_many_wrong_passwords_lock_an_account_for_a_while(
    client: TestClient, service: Service, awa: str
) -> None:
    answers = [sign_in(client, awa, "faux") for _ in range(TRIES)]
    answers += [sign_in(client, awa), sign_in(client, "personne")]
    assert {one.json()["code"] for one in answers} == {"sign_in_refused"}
    assert len({one.text for one in answers}) == 1  # nothing says which it was
    assert isinstance(service.clock, SetClock)
    service.clock.advance(LOCKED_FOR)
    assert sign_in(client, awa).status_code == 200
    for _ in range(TRIES - 1):
        sign_in(client, awa, "faux")
    assert sign_in(client, awa).status_code == 200


def test_who_is_disabled_is_out_at_once(
    client: TestClient, service: Service, awa: str
) -> None:
    kept = {"Cookie": sign_in(client, awa).headers["set-cookie"].partition(";")[0]}
    _, other = make_person(service, Role.SALES, login="leo", name="Léo Roux")
    close_account(service.store, awa, NOW)
    close_account(service.store, "leo", NOW)
    for headers in (kept, other):
        assert client.get("/v1/leads", headers=headers).status_code == 401
    assert sign_in(client, awa).status_code == 401


def test_a_new_password_ends_sessions(
    client: TestClient, service: Service, awa: str
) -> None:
    kept = {"Cookie": sign_in(client, awa).headers["set-cookie"].partition(";")[0]}
    change_password(service.store, awa, "un autre mot de passe", NOW)
    assert client.get("/v1/leads", headers=kept).status_code == 401
    assert sign_in(client, awa).status_code == 401
    assert sign_in(client, awa, "un autre mot de passe").status_code == 200


LEO: dict[str, Any] = {"login": "leo", "name": "Léo Roux", "role": Role.SALES}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Awa\u3164Diallo"},  # a filler, which is seen as a blank
        {"login": " "},
        {"name": "a\0b"},
        {"password": "court"},
        {"password": "password1234"},
        {"password": "azertyuiop123"},
        {"password": "aaaaaaaaaaaaaaaa"},
    ],
)
def test_an_odd_account_is_not_opened(
    store: Store, awa: str, wrong: dict[str, str]
) -> None:
    with pytest.raises(RequestInvalidError):
        open_account(store, NewAccount(**LEO | wrong), NOW)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", "Awa Diallo"),
        ("name", "awa  DIALLO"),
        ("name", "Awa DiaIlo"),  # a capital i
        ("name", "Awa Dial10"),
        ("name", "\u0410wa Diallo"),  # a Cyrillic А
        ("login", "AWA@example.fr"),
        ("login", "\u0430wa@example.fr"),
    ],
)
def test_an_account_that_looks_like_another_is_not_opened(
    store: Store, awa: str, field: str, wrong: str
) -> None:
    other = {"name": "Awa Diallo", "login": awa}[field]
    with pytest.raises(RequestInvalidError, match=f"^{field}: looks_like {other}$"):
        open_account(store, NewAccount(**LEO | {field: wrong}), NOW)


def test_no_secret_is_stored(client: TestClient, store: Store, awa: str) -> None:
    secret = sign_in(client, awa).cookies["frein_session"].split("_", 2)[2]
    with store.reading() as session:
        for table in Base.metadata.sorted_tables:
            told = str(session.execute(table.select()).all())
            assert secret not in told
            assert PASSWORD not in told
