"""Mon compte: sessions, one's own password, one-time codes."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.app.application import create_app
from serving.auth.accounts import NewAccount, open_account
from serving.auth.sessions import begin_session, issue_token
from serving.repositories.persons import Person
from serving.runtime.service import Service
from tests.serving.auth.test_sign_in import limited
from tests.serving.builders import NOW, make_person
from tests.serving.fakes import SetClock

PASSWORD = "le cheval de Nantes"
NEW = "un autre mot de passe"


@pytest.fixture
def awa(service: Service) -> Person:
    wish = NewAccount(
        login="awa", name="Awa Diallo", role=Role.ADMIN, password=PASSWORD
    )
    return open_account(service.store, wish, NOW)


class Browser:
    """Awa's, signed in."""

    def __init__(self, client: TestClient, service: Service, awa: Person) -> None:
        client.base_url = "http://localhost"  # its cookies need no TLS
        begun = begin_session(service.store, awa, service.clock())
        client.cookies.set("frein_session", begun.cookie)
        self.client, self.service, self.csrf = client, service, begun.csrf

    def read(self) -> Any:
        return self.client.get("/console/compte", follow_redirects=False)

    def send(self, act: str, **form: str) -> Any:
        return self.client.post(
            f"/console/compte/{act}",
            data=form | {"csrf": self.csrf},
            follow_redirects=False,
        )

    def sign_in(self, **more: str) -> Any:
        sent = {"login": "awa", "password": PASSWORD} | more
        self.client.cookies.clear()
        return self.client.post("/v1/session", json=sent)

    def later(self, **time: int) -> None:
        assert isinstance(self.service.clock, SetClock)
        self.service.clock.advance(timedelta(**time))

    def code(self, secret: str) -> str:
        return pyotp.TOTP(secret).at(self.service.clock())


@pytest.fixture
def browser(client: TestClient, service: Service, awa: Person) -> Browser:
    return Browser(client, service, awa)


def test_sessions_are_listed_and_ended_everywhere(
    browser: Browser, service: Service, awa: Person
) -> None:
    other = begin_session(service.store, awa, NOW)
    token = issue_token(service.store, "awa", timedelta(days=1), NOW)
    page = browser.read().text
    assert page.count("ouverte le") == 3
    assert page.count("(celle-ci)") == 1
    assert browser.send("deconnexion").headers["location"] == "/console/connexion"
    browser.client.cookies.clear()
    for headers in (
        {"Cookie": f"frein_session={other.cookie}"},
        {"Authorization": f"Bearer {token}"},
    ):
        assert browser.client.get("/v1/session", headers=headers).status_code == 401


def test_one_session_is_ended_and_the_others_go_on(
    browser: Browser, service: Service, awa: Person
) -> None:
    lost, kept = (begin_session(service.store, awa, NOW) for _ in range(2))
    token = issue_token(service.store, "awa", timedelta(days=1), NOW)
    page = browser.read().text
    assert page.count("Mettre fin</button>") == 3  # this one is left by signing out
    for secret in (lost.cookie, token):
        ended = browser.send(f"sessions/{secret.split('_')[1]}/fin")
        assert ended.headers["location"] == "/console/compte"
    assert browser.read().text.count("Mettre fin</button>") == 1
    client = TestClient(browser.client.app)

    def status(headers: dict[str, str]) -> int:
        return int(client.get("/v1/session", headers=headers).status_code)

    assert status({"Cookie": f"frein_session={lost.cookie}"}) == 401
    assert status({"Authorization": f"Bearer {token}"}) == 401
    assert status({"Cookie": f"frein_session={kept.cookie}"}) == 200


def test_nobody_ends_the_session_of_another(browser: Browser, service: Service) -> None:
    leo, _ = make_person(service, name="Léo Roux", login="leo")
    his = begin_session(service.store, leo, NOW)
    answer = browser.send(f"sessions/{his.cookie.split('_')[1]}/fin")
    assert answer.status_code == 303
    client = TestClient(browser.client.app)
    kept = {"Cookie": f"frein_session={his.cookie}"}
    assert client.get("/v1/session", headers=kept).status_code == 200


def test_one_changes_one_s_own_password(
    browser: Browser, service: Service, awa: Person
) -> None:
    other = begin_session(service.store, awa, NOW)
    wrong = browser.send("mot-de-passe", password="faux", new=NEW)
    assert wrong.status_code == 401
    common = browser.send("mot-de-passe", password=PASSWORD, new="azertyuiop123")
    assert common.status_code == 422
    assert "trop facile à deviner" in common.text
    assert browser.send("mot-de-passe", password=PASSWORD, new=NEW).status_code == 303
    assert browser.read().status_code == 200  # this session goes on
    kept = {"Cookie": f"frein_session={other.cookie}"}
    client = TestClient(browser.client.app)
    assert client.get("/v1/session", headers=kept).status_code == 401
    assert browser.sign_in().status_code == 401
    assert browser.sign_in(password=NEW).status_code == 200


class TestOneTimeCodes:
    @pytest.fixture
    def secret(self, browser: Browser) -> str:
        """That of an authenticator that is being set up."""
        assert browser.send("code", password="faux").status_code == 401
        page = browser.send("code", password=PASSWORD).text
        assert "otpauth://totp/Frein:awa?secret=" in page
        shown = re.search(r"<code>([A-Z2-7]{32})</code>", page)
        assert shown is not None
        return shown[1]

    def set_up(self, browser: Browser, secret: str) -> list[str]:
        refused = browser.send("code/confirmation", code="000000")
        assert refused.status_code == 422
        page = browser.send("code/confirmation", code=browser.code(secret)).text
        assert secret not in page
        codes: list[str] = re.findall(r"<code>([0-9a-f]{10})</code>", page)
        assert len(set(codes)) == 10
        assert codes[0] not in browser.read().text  # shown once
        return codes

    def test_a_code_is_asked_for_and_is_good_once(
        self, browser: Browser, secret: str
    ) -> None:
        self.set_up(browser, secret)
        due = browser.sign_in()
        assert (due.status_code, due.json()["code"]) == (401, "second_factor_required")
        used = browser.sign_in(code=browser.code(secret))
        assert used.json()["code"] == "sign_in_refused"  # it confirmed the set-up
        browser.later(seconds=30)
        code = browser.code(secret)
        assert browser.sign_in(code=code).status_code == 200
        assert browser.sign_in(code=code).json()["code"] == "sign_in_refused"
        browser.later(minutes=2)
        assert browser.sign_in(code=code).json()["code"] == "sign_in_refused"

    def test_a_recovery_code_stands_in_once(
        self, browser: Browser, secret: str
    ) -> None:
        first, *_ = self.set_up(browser, secret)
        assert browser.sign_in(code=first).status_code == 200
        assert browser.sign_in(code=first).status_code == 401

    def test_it_is_withdrawn_with_password_and_code(
        self, browser: Browser, secret: str
    ) -> None:
        self.set_up(browser, secret)
        assert browser.send("code/retrait", password=PASSWORD).status_code == 401
        browser.later(seconds=30)
        both = {"password": PASSWORD, "code": browser.code(secret)}
        assert browser.send("code/retrait", **both).status_code == 303
        assert browser.sign_in().status_code == 200

    def test_a_role_may_be_obliged(self, service: Service, awa: Person) -> None:
        strict = limited(service, totp_roles=(Role.ADMIN,))
        client = TestClient(create_app(strict))
        browser = Browser(client, strict, awa)
        refused = client.get("/v1/leads")
        assert (refused.status_code, refused.json()["code"]) == (
            403,
            "second_factor_due",
        )
        assert client.get("/console/").status_code == 403
        page = browser.read()
        assert page.status_code == 200
        assert "Votre rôle demande un code à usage unique" in page.text
        shown = re.search(
            r"<code>([A-Z2-7]{32})</code>", browser.send("code", password=PASSWORD).text
        )
        assert shown is not None
        self.set_up(browser, shown[1])
        assert client.get("/v1/leads").status_code == 200
