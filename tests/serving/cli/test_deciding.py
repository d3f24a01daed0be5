"""Deciding at the command line: who signs in there, and who breaks the glass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

import frein
from governance.people.roles import Role
from serving.auth.accounts import NewAccount, open_account
from serving.errors import (
    KeyInvalidError,
    PersonRequiredError,
    RequestInvalidError,
    RoleMissingError,
    SignInNeededError,
    SignInRefusedError,
)
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.serving.builders import (
    as_the_command_line_has_it,
    make_event,
    make_person,
    send,
    url_of,
)

PASSWORD = "le cheval de Nantes"
REASON = "Awa est absente, le client attend"
Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def environment(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    as_the_command_line_has_it(service)
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.delenv("FREIN_TOKEN", raising=False)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command reads is typed at a terminal."""
    monkeypatch.setattr("serving.cli.sign_in._is_terminal", lambda: True)


@pytest.fixture
def proposal(client: TestClient, headers: dict[str, str], service: Service) -> UUID:
    """A key was refused a reserved stage, and it waits for a person."""
    send(client, headers, make_event())
    asked = {"to": "negociation_finale"}
    client.post("/v1/leads/L-1/stage-moves", json=asked, headers=headers)
    with service.store.reading() as session:
        (waiting,) = all_proposals(session)
    return waiting.id


@pytest.fixture
def confirm(proposal: UUID) -> Command:
    def run(*arguments: str, typed: str = "") -> Result:
        command = ["proposals", "confirm", str(proposal), *arguments]
        return CliRunner().invoke(frein.app, command, input=typed)

    return run


def person(service: Service, role: Role = Role.ADMIN, login: str = "awa") -> None:
    name = "Awa Diallo" if login == "awa" else f"Une autre, {login}"
    wish = NewAccount(login=login, name=name, role=role, password=PASSWORD)
    open_account(service.store, wish, service.clock())


def stage(client: TestClient, headers: dict[str, str]) -> str:
    return str(client.get("/v1/leads/L-1", headers=headers).json()["stage"])


def audit(client: TestClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = client.get("/v1/audit", params={"lead_id": "L-1"}, headers=headers)
    entries: list[dict[str, Any]] = answer.json()["entries"]
    return entries


@pytest.mark.parametrize(
    "arguments", [(), ("--as", "awa"), ("--as", " "), ("--break-glass", REASON)]
)
def test_a_script_signs_as_nobody(
    confirm: Command,
    service: Service,
    client: TestClient,
    headers: dict[str, str],
    arguments: tuple[str, ...],
) -> None:
    person(service)
    result = confirm(*arguments, typed=f"{PASSWORD}\n")
    assert isinstance(result.exception, SignInNeededError)
    assert stage(client, headers) == "nouveau"


@pytest.mark.usefixtures("terminal")
def test_a_person_types_their_password(
    confirm: Command, service: Service, client: TestClient, headers: dict[str, str]
) -> None:
    person(service)
    wrong = confirm("--as", "awa", typed="un autre\n")
    assert isinstance(wrong.exception, SignInRefusedError)
    assert stage(client, headers) == "nouveau"
    assert confirm("--as", "awa", typed=f"{PASSWORD}\n").exit_code == 0
    assert stage(client, headers) == "negociation_finale"
    (moved,) = (e for e in audit(client, headers) if e["action"] == "stage_moved")
    assert moved["means"] == "command_line"
    assert moved["who"]["name"] == "Awa Diallo"


def test_a_token_of_their_own_is_taken(
    confirm: Command,
    service: Service,
    client: TestClient,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    _, bearer = make_person(service)
    token = bearer["Authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("FREIN_TOKEN", "freinp_0_0")
    assert isinstance(confirm().exception, KeyInvalidError)
    monkeypatch.setenv("FREIN_TOKEN", token)
    assert isinstance(confirm("--as", "leo").exception, SignInNeededError)
    monkeypatch.delenv("FREIN_TOKEN")
    (tmp_path / "token").write_text(f"{token}\n", encoding="utf-8")
    assert confirm("--token-file", str(tmp_path / "token")).exit_code == 0
    assert stage(client, headers) == "negociation_finale"


@pytest.mark.usefixtures("terminal")
def test_a_token_made_without_a_password_signs_nothing_that_is_reserved(
    confirm: Command,
    service: Service,
    client: TestClient,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person(service)
    command = ["persons", "token", "awa", "--unproven", "--as", "awa"]
    made = CliRunner().invoke(frein.app, command, input=f"{PASSWORD}\n")
    token = made.stdout.strip()
    monkeypatch.setenv("FREIN_TOKEN", token)
    refused = confirm()
    assert getattr(refused.exception, "code", "") == "reauthentication_required"
    assert stage(client, headers) == "nouveau"
    bearer = {"Authorization": f"Bearer {token}"}
    proof = {"password": PASSWORD}
    assert client.post("/v1/session/proof", json=proof, headers=bearer).is_success
    assert confirm().exit_code == 0


class TestBreakGlass:
    """An administrator's, who signs in too."""

    pytestmark = pytest.mark.usefixtures("terminal")

    def test_it_decides_nothing_that_is_reserved(
        self,
        confirm: Command,
        service: Service,
        client: TestClient,
        headers: dict[str, str],
    ) -> None:
        person(service)
        typed = f"{PASSWORD}\n"
        result = confirm("--as", "awa", "--break-glass", REASON, typed=typed)
        assert isinstance(result.exception, PersonRequiredError)
        lead = client.get("/v1/leads/L-1", headers=headers).json()
        assert lead["stage"] == "nouveau"
        assert len(lead["proposals"]) == 1  # it still waits for a person
        kinds = {task["kind"]: task["owner"] for task in lead["tasks"]}
        assert kinds["acces_de_secours"] == "Direction commerciale"
        (broken,) = (e for e in audit(client, headers) if e["action"] == "glass_broken")
        who = broken["who"]
        assert (who["kind"], who["name"]) == ("break_glass", "break-glass awa")
        assert broken["means"] == "command_line"
        assert broken["words"]["text"] == REASON

    def test_where_the_setting_lets_it_decide_it_is_no_person(
        self,
        confirm: Command,
        service: Service,
        client: TestClient,
        headers: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("FREIN_BREAK_GLASS_DECIDES", "true")
        person(service)
        typed = f"{PASSWORD}\n"
        result = confirm("--as", "awa", "--break-glass", REASON, typed=typed)
        assert result.exit_code == 0, result.output
        assert stage(client, headers) == "negociation_finale"
        with service.store.reading() as session:
            query = "SELECT signer_kind, signer, clause FROM decision"
            (row,) = session.execute(text(query)).all()
        assert tuple(row) == ("break_glass", "break-glass awa", "P-20")
        for entry in audit(client, headers):
            assert entry["who"]["name"] != "Awa Diallo"

    def test_only_an_administrator_has_it_and_says_why(
        self, confirm: Command, service: Service
    ) -> None:
        person(service, Role.MANAGER, "leo")
        person(service)
        given = ("--break-glass", REASON)
        result = confirm("--as", "leo", *given, typed=f"{PASSWORD}\n")
        assert isinstance(result.exception, RoleMissingError)
        result = confirm("--as", "awa", "--break-glass", " ", typed=f"{PASSWORD}\n")
        assert isinstance(result.exception, RequestInvalidError)
