"""The command line on a database of its own, without a model."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from serving.access import split_token
from serving.proposals import all_proposals
from serving.service import Service
from tests.serving.builders import make_event, send, url_of

runner = CliRunner()


@pytest.fixture(autouse=True)
def environment(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The command line works on the fixtures' database, and has no model."""
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr("serving.commands.champion", _no_champion)


def _no_champion() -> None:
    from features.errors import ModelUnavailableError

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
    client: TestClient, headers: dict[str, str], service: Service
) -> None:
    send(client, headers, make_event())
    asked = {"to": "negociation_finale"}
    client.post("/v1/leads/L-1/stage-moves", json=asked, headers=headers)
    with service.store.reading() as session:
        (proposal,) = all_proposals(session)

    assert "negociation" in run("proposals", "list")
    run("proposals", "confirm", str(proposal.id), "--as", "Awa Diallo")

    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert lead["stage"] == "negociation_finale"
    assert "negociation" not in run("proposals", "list")


def test_nobody_decides_nothing(client: TestClient) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"
    result = runner.invoke(frein.app, ["proposals", "confirm", unknown, "--as", " "])
    assert result.exit_code == 2


def test_the_leads_to_call_first(client: TestClient, headers: dict[str, str]) -> None:
    send(client, headers, make_event())
    assert "L-1" in run("leads", "--top", "5")


def test_an_error_of_ours_is_told_and_exits_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["frein", "keys", "revoke", "nobody"])
    with pytest.raises(SystemExit) as caught:
        frein.main()
    assert caught.value.code == 2
    assert "key_unknown: Cette clé d’API est inconnue." in capsys.readouterr().err
