"""The trace of a lead, on the command line and over HTTP."""

from uuid import UUID

import pytest
from rich.console import Console
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from serving.cli import audit
from serving.decisions.proposals import confirm
from serving.runtime.service import Service
from tests.serving.builders import AWA, LOSS, NOW, make_event, make_person, send, url_of


@pytest.fixture
def decided(client: TestClient, headers: dict[str, str], service: Service) -> Service:
    """A lead whose reserved move was asked for by a key and confirmed by a person."""
    send(client, headers, make_event())
    refused = client.post(
        "/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers
    )
    make_person(service)
    confirm(service, UUID(refused.json()["proposal_id"]), AWA, LOSS, NOW)
    return service


@pytest.mark.parametrize("columns", [80, 40])
def test_the_trace_is_a_tree_from_the_first_fact_on(
    decided: Service, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(decided.store))
    monkeypatch.setattr(audit, "out", Console(width=columns))

    shown = CliRunner().invoke(frein.app, ["audit", "trace", "L-1"]).output

    assert max(len(line.rstrip()) for line in shown.splitlines()) <= columns
    words = " ".join(shown.replace("│", " ").replace("─", " ").split())
    steps = (
        "page_viewed (crm)",
        "priority_changed – → normale",
        "move_refused",
        "proposal_opened perdu",
        "task_opened arbitrage",
        "stage_moved nouveau → perdu · Awa Diallo",
        "task_closed open → closed",
    )
    places = [words.index(step) for step in steps]
    assert places == sorted(places)


def test_the_audit_is_read_with_its_causes(
    decided: Service, client: TestClient, headers: dict[str, str]
) -> None:
    answer = client.get("/v1/audit", params={"lead_id": "L-1"}, headers=headers)

    entries = answer.json()["entries"]
    by_id = {entry["id"]: entry for entry in entries}
    assert [entry["seq"] for entry in entries] == sorted(e["seq"] for e in entries)
    (made,) = [entry for entry in entries if entry["action"] == "stage_moved"]
    way = []
    while made is not None:
        way.append(made["action"])
        made = by_id.get(made["cause"]["causation"])
    assert way == ["stage_moved", "proposal_opened", "move_refused"]
    assert entries[0]["cause"]["event"]["event_id"] == "1"
    assert {len(entry["hash"]) for entry in entries} == {64}


def test_causes_beyond_the_limit_are_there_all_the_same(
    decided: Service, client: TestClient, headers: dict[str, str]
) -> None:
    asked = {"lead_id": "L-1", "limit": "1"}
    entries = client.get("/v1/audit", params=asked, headers=headers).json()["entries"]
    actions = [entry["action"] for entry in entries]
    assert actions[:3] == ["move_refused", "proposal_opened", "stage_moved"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("lead_id=nobody", 404, "lead_unknown"),
        ("", 422, "request_invalid"),
        ("lead_id=L-1&limit=501", 422, "request_invalid"),
    ],
)
def test_what_cannot_be_traced(
    client: TestClient, headers: dict[str, str], query: str, status: int, code: str
) -> None:
    answer = client.get(f"/v1/audit?{query}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
