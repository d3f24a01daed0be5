"""What an observed event changes of what is known of a lead."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.access import USUAL_SCOPES, Scope
from serving.service import Service
from tests.serving.builders import NOW, make_event, make_key, send


def moved(
    to: str, *, id: str = "m", minutes_ago: int = 10, **more: Any
) -> dict[str, Any]:
    at = NOW - timedelta(minutes=minutes_ago)
    fields = {"id": "m", "type": "stage_changed", "data": {"to": to}} | more
    return make_event(time=at.isoformat(), **fields)


def lead(client: TestClient, headers: dict[str, str]) -> dict[str, Any]:
    shown: dict[str, Any] = client.get("/v1/leads/L-1", headers=headers).json()
    return shown


def test_an_observed_move_updates_the_stage(
    client: TestClient, headers: dict[str, str]
) -> None:
    send(client, headers, moved("qualifie"))
    assert lead(client, headers)["stage"] == "qualifie"


def test_an_older_move_that_arrives_late_changes_nothing(
    client: TestClient, headers: dict[str, str]
) -> None:
    send(client, headers, moved("proposition", id="1", minutes_ago=10))
    send(client, headers, moved("contacte", id="2", minutes_ago=20))
    assert lead(client, headers)["stage"] == "proposition"


@pytest.mark.parametrize("to", ["ailleurs", 3, None, ["perdu"]])
def test_a_stage_that_is_not_ours_changes_nothing(
    client: TestClient, headers: dict[str, str], to: Any
) -> None:
    send(client, headers, moved(to))
    assert lead(client, headers)["stage"] == "nouveau"


@pytest.mark.parametrize(("kind", "stage"), [("won", "gagne"), ("lost", "perdu")])
def test_an_outcome_is_a_stage(
    client: TestClient, headers: dict[str, str], kind: str, stage: str
) -> None:
    send(client, headers, make_event(type=kind, actor="person"))
    assert lead(client, headers)["stage"] == stage
    assert client.get("/v1/leads", headers=headers).json()["total"] == 0
    closed = client.get("/v1/leads", params={"with_closed": True}, headers=headers)
    assert closed.json()["total"] == 1


def test_the_owner_comes_from_the_leads_attributes(
    client: TestClient, headers: dict[str, str]
) -> None:
    send(client, headers, make_event(type="attributes_set", data={"owner": "Jean Roy"}))
    assert lead(client, headers)["owner"] == "Jean Roy"


@pytest.mark.parametrize(
    ("actor", "n_tasks"), [("person", 0), ("automation", 1), ("lead", 1)]
)
def test_a_reserved_move_seen_in_the_crm_calls_a_person_unless_one_made_it(
    client: TestClient, headers: dict[str, str], actor: str, n_tasks: int
) -> None:
    send(client, headers, moved("perdu", actor=actor))

    seen = lead(client, headers)
    assert seen["stage"] == "perdu"
    assert len(seen["tasks"]) == n_tasks
    for task in seen["tasks"]:
        assert task["owner"] == "Direction commerciale"
        assert task["kind"] == "etape_reservee_observee"


def test_a_reserved_move_seen_in_the_crm_closes_its_proposal(
    client: TestClient, headers: dict[str, str]
) -> None:
    send(client, headers, make_event())
    client.post("/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers)
    assert len(lead(client, headers)["proposals"]) == 1

    send(client, headers, moved("perdu", actor="person"))

    assert lead(client, headers)["proposals"] == lead(client, headers)["tasks"] == []


def test_what_is_backfilled_calls_nobody(client: TestClient, service: Service) -> None:
    _, headers = make_key(service, scopes=USUAL_SCOPES | {Scope.BACKFILL})
    send(client, headers, moved("perdu", receivedat="2026-11-24T08:55:00Z"))
    assert lead(client, headers)["tasks"] == []
