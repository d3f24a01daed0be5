"""The command line on a database of its own, without a model."""

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from governance.people.roles import Role
from serving.auth.accounts import NewAccount, close_account, open_account
from serving.database.tables import AuditRow
from serving.errors import RoleMissingError, SignInNeededError, SignInRefusedError
from serving.repositories.api_keys import split_token
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.serving.builders import (
    NOW,
    as_the_command_line_has_it,
    make_event,
    make_person,
    send,
    url_of,
)

runner = CliRunner()
SECRET = "le cheval de Nantes"


@pytest.fixture(autouse=True)
def environment(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The command line works on the fixtures' database, and has no model."""
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    for module in ("serve", "service"):
        monkeypatch.setattr(f"serving.cli.{module}.champion", _no_champion)


def _no_champion() -> None:
    from training.errors import ModelUnavailableError

    raise ModelUnavailableError("no champion")


def run(*arguments: str) -> str:
    result = runner.invoke(frein.app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_key_is_created_used_listed_and_revoked(client: TestClient) -> None:
    token = run("keys", "create", "CRM", "--source", "crm").strip()
    headers = {"Authorization": f"Bearer {token}"}
    send(client, headers, make_event())

    key_id, secret = split_token(token)
    listed = run("keys", "list")
    assert key_id in listed
    assert secret not in listed
    run("keys", "revoke", key_id)
    assert client.get("/v1/leads", headers=headers).status_code == 401


def test_a_person_confirms_a_proposal(
    client: TestClient,
    headers: dict[str, str],
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    as_the_command_line_has_it(service)
    send(client, headers, make_event())
    asked = {"to": "negociation_finale"}
    client.post("/v1/leads/L-1/stage-moves", json=asked, headers=headers)
    with service.store.reading() as session:
        (proposal,) = all_proposals(session)

    assert "negociation" in run("proposals", "list")
    _, bearer = make_person(service, login="awa")
    monkeypatch.setenv("FREIN_TOKEN", bearer["Authorization"].split()[1])
    run("proposals", "confirm", str(proposal.id))
    monkeypatch.delenv("FREIN_TOKEN")

    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert lead["stage"] == "negociation_finale"
    assert "negociation" not in run("proposals", "list")


def test_nobody_decides_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.cli.sign_in._is_terminal", lambda: True)
    make_person(service, login="awa")
    close_account(service.store, "awa", NOW)
    unknown = "00000000-0000-0000-0000-000000000000"
    for login in (" ", "leo", "awa"):
        command = ["proposals", "confirm", unknown, "--as", login]
        result = runner.invoke(frein.app, command, input="le cheval de Nantes\n")
        assert isinstance(result.exception, SignInNeededError | SignInRefusedError)


def test_a_person_is_added_listed_given_a_token_and_disabled(
    client: TestClient,
) -> None:
    account = ("Awa Diallo", "--login", "awa", "--role", "commercial")
    run("persons", "add", *account, "--password", "le cheval de Nantes")
    run("persons", "password", "awa", "--password", "un autre mot de passe")
    token = run("persons", "token", "awa", "--unproven").strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert "Awa Diallo" in run("persons", "list")
    who = client.get("/v1/session", headers=headers).json()
    assert (who["person"]["role"], who["csrf"]) == ("commercial", None)
    run("persons", "change", "awa", "--role", "manager", "--team", "Nord")
    who = client.get("/v1/session", headers=headers).json()
    assert (who["person"]["role"], who["person"]["team"]) == ("manager", "Nord")
    run("persons", "disable", "awa")
    assert client.get("/v1/session", headers=headers).status_code == 401


def test_once_there_is_an_administrator_they_sign_in_for_accounts_and_keys(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FREIN_TOKEN", raising=False)
    for login, role in (("awa", Role.SALES), ("nadia", Role.ADMIN)):
        wish = NewAccount(login=login, name=login, role=role, password=SECRET)
        open_account(service.store, wish, service.clock())
    for command in (
        "persons password awa",
        "persons add Leo --login leo --role admin",
        "persons change awa --role admin",
        "persons bind awa 'https://id.test 1'",
        "persons disable nadia",
        "persons no-code awa",
        "persons token awa",
        "persons token awa --unproven",
        "keys create CRM --source crm",
        "keys revoke 0",
        "keys rotate 0",
    ):
        words = [*shlex.split(command), "--as", "nadia"]  # no terminal to type at
        refused = runner.invoke(frein.app, words, input=f"{SECRET}\n" * 3)
        assert isinstance(refused.exception, SignInNeededError), command


def test_an_administrator_s_name_stands_by_the_account_they_change(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.cli.sign_in._is_terminal", lambda: True)
    account = ("--login", "nadia", "--role", "admin")
    run("persons", "add", "Nadia Benali", *account, "--password", SECRET)
    other = ["persons", "add", "Jo", "--login", "jo", "--role", "commercial"]
    typed = f"{SECRET}\n" * 3
    for _ in range(2):
        runner.invoke(frein.app, [*other, "--as", "nadia"], input=typed)
    refused = runner.invoke(
        frein.app, ["persons", "disable", "nadia", "--as", "jo"], input=typed
    )
    assert isinstance(refused.exception, RoleMissingError)
    with service.store.reading() as session:
        rows = session.query(AuditRow).filter(AuditRow.action == "person_added")
        made = [(row.who_kind, row.means) for row in rows.order_by(AuditRow.seq)]
    assert made == [("automation", "command_line"), ("person", "command_line")]


def test_the_leads_to_call_first(client: TestClient, headers: dict[str, str]) -> None:
    send(client, headers, make_event())
    assert "L-1" in run("leads", "--top", "5")


def test_a_tick_ahead_of_the_clock_would_stop_those_to_come(service: Service) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    result = runner.invoke(frein.app, ["tick", "--now", ahead])
    assert (result.exit_code, "--now" in result.output) == (2, True)
    assert "tasks escalated" in run("tick")


def test_an_error_of_ours_is_told_and_exits_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["frein", "keys", "revoke", "nobody"])
    with pytest.raises(SystemExit) as caught:
        frein.main()
    assert caught.value.code == 2
    assert "key_unknown: Cette clé d’API est inconnue." in capsys.readouterr().err
