"""People sign in with a company's provider: whom it vouches for, and whom not."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.app.application import create_app
from serving.auth.accounts import (
    NewAccount,
    bind_account,
    close_account,
    open_account,
)
from serving.auth.dependencies import COOKIE
from serving.auth.oidc import AT_ONCE, Provider
from serving.errors import (
    ProviderUnavailableError,
    RequestInvalidError,
    SettingsError,
)
from serving.runtime.service import Service
from serving.runtime.settings import OidcSettings, Settings
from tests.serving.builders import NOW, make_event, send
from tests.serving.identity_provider import (
    BACK,
    CLIENT,
    SECRET,
    LittleProvider,
    new_key,
    running_provider,
)

THERE = "/console/connexion/entreprise"


@pytest.fixture(scope="module")
def server() -> Iterator[LittleProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def theirs(server: LittleProvider) -> LittleProvider:
    """The provider, as it usually is."""
    server.key, server.shown, server.claims = new_key(), None, {}
    return server


def settings_of(issuer: str) -> OidcSettings:
    return OidcSettings(
        issuer=issuer,
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        redirect_url=BACK,
    )


def browser(service: Service) -> TestClient:
    return TestClient(
        create_app(service), base_url="http://127.0.0.1", follow_redirects=False
    )


@pytest.fixture
def ours(service: Service, theirs: LittleProvider) -> Iterator[TestClient]:
    """A browser on a service that trusts it, where Awa has an account."""
    wish = NewAccount(login="awa@example.fr", name="Awa Diallo", role=Role.SALES)
    open_account(service.store, wish, NOW)
    other = NewAccount(login="kim@example.fr", name="Kim Roy", role=Role.SALES)
    open_account(service.store, other, NOW)
    trusting = replace(service, provider=Provider(settings_of(theirs.issuer)))
    with browser(trusting) as client:
        yield client


def go(ours: TestClient, page: str = "") -> str:
    """There, and the address by which the browser comes back."""
    left = ours.get(THERE, params={"vers": page})
    assert left.status_code == 303
    back: str = httpx2.get(left.headers["Location"]).headers["Location"]
    return back


def come(ours: TestClient) -> Any:
    return ours.get(go(ours))


def who(ours: TestClient) -> str | None:
    answer = ours.get("/v1/session")
    return answer.json()["person"]["name"] if answer.is_success else None


def test_a_verified_address_opens_the_account_that_has_it(ours: TestClient) -> None:
    back = come(ours)
    assert (back.status_code, back.headers["Location"]) == (303, "/console/")
    assert who(ours) == "Awa Diallo"


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/console/taches?toutes=1", "/console/taches?toutes=1"),
        ("/console/opportunites/Caf%C3%A9", "/console/opportunites/Caf%C3%A9"),
        ("//example.org", "/console/"),
    ],
)
def test_the_page_that_was_asked_for_is_led_to(
    ours: TestClient, asked: str, led: str
) -> None:
    back = ours.get(go(ours, asked))
    assert (back.status_code, back.headers["Location"]) == (303, led)
    assert [name for name in ours.cookies if name != COOKIE] == []


def test_then_the_identity_counts_and_not_the_address(
    ours: TestClient, theirs: LittleProvider, service: Service
) -> None:
    come(ours)
    theirs.claims = {"email": "autre@example.fr", "email_verified": False}
    assert come(ours).status_code == 303
    theirs.claims = {"sub": "another"}  # has her address by now
    assert come(ours).status_code == 401
    close_account(service.store, "awa@example.fr", NOW)
    theirs.claims = {}
    assert come(ours).status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"email_verified": False}, id="unverified"),
        pytest.param({"email_verified": "true"}, id="verified-as-text"),
        pytest.param({"email": "jo@example.fr"}, id="no-account"),
        pytest.param({"email": None}, id="no-address"),
        pytest.param({"email": "\u212aim@example.fr"}, id="a-like-letter"),
        pytest.param({"aud": "another client"}, id="for-another"),
        pytest.param({"aud": [CLIENT, "another"], "azp": "another"}, id="by-another"),
        pytest.param({"iss": "https://elsewhere.example"}, id="from-elsewhere"),
        pytest.param({"nonce": "of another sign-in"}, id="nonce"),
        pytest.param({"nonce": None}, id="no-nonce"),
        pytest.param({"exp": int(NOW.timestamp()) - 120}, id="expired"),
        pytest.param({"iat": int(NOW.timestamp()) + 3600}, id="not-yet"),
        pytest.param({"sub": " "}, id="nobody"),
        pytest.param({"auth_time": int(NOW.timestamp()) - 3700}, id="long-ago"),
    ],
)
def test_who_is_not_vouched_for_is_refused(
    ours: TestClient, theirs: LittleProvider, claims: dict[str, Any]
) -> None:
    theirs.claims = claims
    back = come(ours)
    assert (back.status_code, COOKIE in ours.cookies) == (401, False)
    assert "aucun compte" in back.text


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"auth_time": int(NOW.timestamp()) - 3000}, 200),
        ({"auth_time": None}, 401),  # the provider doesn't say when
    ],
)
def test_a_decision_that_is_reserved_wants_a_recent_proof_there(
    ours: TestClient,
    theirs: LittleProvider,
    headers: dict[str, str],
    claims: dict[str, Any],
    status: int,
) -> None:
    owned = make_event(type="attributes_set", data={"owner": "Awa Diallo"})
    send(ours, headers, owned)
    theirs.claims = claims
    come(ours)
    csrf = {"X-CSRF-Token": ours.get("/v1/session").json()["csrf"]}
    move = {"to": "negociation_finale"}
    answer = ours.post("/v1/leads/L-1/stage-moves", json=move, headers=csrf)
    assert answer.status_code == status, answer.text


class TestAttacks:
    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda url: url.replace("state=", "state=x"), id="state"),
            pytest.param(lambda url: url.partition("&state")[0], id="no-state"),
            pytest.param(lambda url: url.replace("code=", "code=x"), id="code"),
            pytest.param(lambda _: f"{BACK}?error=access_denied", id="denied"),
        ],
    )
    def test_another_way_back_is_refused(
        self, ours: TestClient, change: Callable[[str], str]
    ) -> None:
        assert ours.get(change(go(ours))).status_code == 401
        assert who(ours) is None

    def test_another_browser_does_not_come_back(self, ours: TestClient) -> None:
        back = go(ours)
        ours.cookies.clear()
        assert ours.get(back).status_code == 401

    def test_a_code_of_another_browser_has_another_verifier(
        self, ours: TestClient
    ) -> None:
        stolen = go(ours).partition("?code=")[2].partition("&")[0]
        mine = go(ours)
        state = mine.partition("&state=")[2]
        assert ours.get(f"{BACK}?code={stolen}&state={state}").status_code == 401

    def test_nobody_comes_back_twice(self, ours: TestClient) -> None:
        back = go(ours)
        assert ours.get(back).status_code == 303
        ours.cookies.clear()
        assert ours.get(back).status_code == 401

    def test_an_unsigned_word_is_no_word(
        self, ours: TestClient, theirs: LittleProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def id_token(nonce: str) -> str:
            claims = LittleProvider.id_token(theirs, nonce).split(".")[1]
            return f"eyJhbGciOiJub25lIn0.{claims}."

        monkeypatch.setattr(theirs, "id_token", id_token)
        assert come(ours).status_code == 401

    def test_another_key_signs_nothing(
        self, ours: TestClient, theirs: LittleProvider
    ) -> None:
        theirs.shown = new_key()
        assert come(ours).status_code == 401

    def test_a_key_that_changed_is_asked_for_again(
        self, ours: TestClient, theirs: LittleProvider
    ) -> None:
        come(ours)
        theirs.key = new_key()
        ours.cookies.clear()
        assert come(ours).status_code == 303


def test_an_administrator_binds_an_account(
    ours: TestClient, theirs: LittleProvider, service: Service
) -> None:
    theirs.claims = {"email": None}
    subject = f"{theirs.issuer} 248289761001"
    bind_account(service.store, "awa@example.fr", subject, NOW)
    assert come(ours).status_code == 303
    other = NewAccount(login="jo", name="Jo Roy", role=Role.SALES)
    open_account(service.store, other, NOW)
    with pytest.raises(RequestInvalidError, match="subject: taken"):
        bind_account(service.store, "jo", subject, NOW)
    ours.cookies.clear()
    bind_account(service.store, "awa@example.fr", None, NOW)
    assert come(ours).status_code == 401


def test_a_provider_that_does_not_answer_is_told(
    ours: TestClient, theirs: LittleProvider, service: Service
) -> None:
    alone = replace(service, provider=Provider(settings_of("http://127.0.0.1:9")))
    with browser(alone) as client:
        answer = client.get(THERE)
    assert answer.status_code == 503
    assert "ne répond pas" in answer.text


def test_a_slow_provider_holds_few_threads(theirs: LittleProvider) -> None:
    provider = Provider(settings_of(theirs.issuer))
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(provider._client())
        with pytest.raises(ProviderUnavailableError, match="at once"):
            provider.authorization_request()
    assert provider.authorization_request()


def test_without_a_provider_nobody_is_sent_anywhere(client: TestClient) -> None:
    for path in (THERE, f"{THERE}/retour?code=x&state=y"):
        assert client.get(path, follow_redirects=False).status_code == 404
    assert THERE not in client.get("/console/connexion").text


def test_settings_are_whole_and_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().oidc is None
    given = {
        "ISSUER": "https://login.example.fr",
        "CLIENT_ID": CLIENT,
        "CLIENT_SECRET": SECRET,
        "REDIRECT_URL": "https://frein.example.fr/console/connexion/entreprise/retour",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"FREIN_OIDC_{name}", value)
        if name != "REDIRECT_URL":
            with pytest.raises(
                SettingsError, match="FREIN_OIDC_REDIRECT_URL: Field"
            ) as caught:
                Settings()
            assert SECRET not in str(caught.value)
    settings = Settings().oidc
    assert settings is not None
    assert SECRET not in repr(settings)
    monkeypatch.setenv("FREIN_OIDC_ISSUER", "http://login.example.fr")
    with pytest.raises(SettingsError, match=r"FREIN_OIDC_ISSUER: .*https"):
        Settings()
