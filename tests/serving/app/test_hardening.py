"""What every answer carries, and what is open to nobody unasked."""

import os
import stat
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.app.application import create_app
from serving.database.engine import Store
from serving.repositories.api_keys import Scope
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from tests.serving.auth.test_sign_in import limited
from tests.serving.builders import make_key

ADDRESSES = ("/health/live", "/v1/leads", "/nowhere", "/console/connexion", "/docs")


@pytest.mark.parametrize("address", ADDRESSES)
def test_answers_are_not_sniffed_and_over_tls_stay_so(
    client: TestClient, address: str
) -> None:
    answer = client.get(address)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in answer.headers
    client.base_url = "https://testserver"
    assert "max-age=" in client.get(address).headers["Strict-Transport-Security"]


def test_what_the_interface_answers_is_not_kept(
    client: TestClient, headers: dict[str, str]
) -> None:
    for known in (headers, {}):
        answer = client.get("/v1/leads", headers=known)
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.com", "", "testserver.evil.com", "a:b:c"])
def test_another_host_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/console", headers={"Host": host}, follow_redirects=False)
    assert (answer.status_code, answer.json()["code"]) == (400, "host_unknown")


@pytest.mark.parametrize("address", ["/", "/console"])
def test_a_redirect_names_no_host(client: TestClient, address: str) -> None:
    client.base_url = "http://localhost"
    answer = client.get(address, follow_redirects=False)
    assert answer.headers["location"] == "/console/"


def test_hosts_and_roles_are_lists_of_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREIN_ALLOWED_HOSTS", "frein.example.fr, crm")
    monkeypatch.setenv("FREIN_TOTP_ROLES", "admin manager")
    settings = Settings()
    assert {"frein.example.fr", "crm", "localhost"} <= settings.hosts
    assert settings.totp_roles == ("admin", "manager")


@pytest.mark.parametrize(
    ("address", "setting"),
    [
        ("/docs", "open_docs"),
        ("/openapi.json", "open_docs"),
        ("/metrics", "open_metrics"),
    ],
)
def test_operations_are_open_if_a_setting_says_so(
    service: Service, address: str, setting: str
) -> None:
    assert TestClient(create_app(service)).get(address).status_code == 401
    _, key = make_key(service, scopes=frozenset({Scope.METRICS, Scope.LEADS}))
    client = TestClient(create_app(service))
    assert client.get(address, headers=key).status_code == 200
    opened = TestClient(create_app(limited(service, **{setting: True})))
    assert opened.get(address).status_code == 200


def test_the_store_is_its_owner_s_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        path = tmp_path / "new" / "frein.db"
        for _ in range(2):
            store = Store(f"sqlite:///{path}")
            store.ping()
            with store.writing():
                pass
            for file in path.parent.iterdir():
                assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
            store.close()
            path.chmod(0o644)
    finally:
        os.umask(before)
