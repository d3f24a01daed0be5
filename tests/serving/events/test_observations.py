"""What an observed event changes of what is known of a lead."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.people.roles import Role
from serving.app.scheduler import tick
from serving.auth.accounts import close_account
from serving.repositories.api_keys import USUAL_SCOPES, Scope
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_key, make_person, send


def moved(
    to: str, *, id: str = "m", minutes_ago: int = 10, **more: Any
) -> dict[str, Any]:
    at = NOW - timedelta(minutes=minutes_ago)
    fields = {"id": id, "type": "stage_changed", "data": {"to": to}} | more
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


def test_a_reserved_move_is_seen_though_another_came_after_in_the_same_call(
    client: TestClient, headers: dict[str, str]
) -> None:
    gone = moved("perdu", id="1", minutes_ago=9, actor="automation")
    back = moved("proposition", id="2", minutes_ago=8, actor="automation")
    send(client, headers, back, gone)
    shown = lead(client, headers)
    assert shown["stage"] == "proposition"
    assert [one["kind"] for one in shown["tasks"]] == ["etape_reservee_observee"]


def test_a_reserved_move_seen_in_the_crm_closes_its_proposal(
    client: TestClient, headers: dict[str, str]
) -> None:
    send(client, headers, make_event())
    client.post("/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers)
    assert len(lead(client, headers)["proposals"]) == 1

    send(client, headers, moved("perdu", actor="person"))

    assert lead(client, headers)["proposals"] == lead(client, headers)["tasks"] == []


@pytest.mark.parametrize(
    ("minutes_ago", "n_tasks"),
    [
        pytest.param(24 * 60 - 1, 1, id="of-the-last-day"),
        pytest.param(24 * 60, 0, id="older"),
    ],
)
def test_a_history_that_is_loaded_calls_nobody_but_a_fresh_move_does(
    client: TestClient, service: Service, minutes_ago: int, n_tasks: int
) -> None:
    _, headers = make_key(service, scopes=USUAL_SCOPES | {Scope.BACKFILL})
    loaded = {"receivedat": "2026-11-24T08:55:00Z", "actor": "automation"}
    send(client, headers, moved("perdu", minutes_ago=minutes_ago, **loaded))
    assert len(lead(client, headers)["tasks"]) == n_tasks


def test_a_fresh_move_calls_a_person_whatever_its_key_may_say(
    client: TestClient, service: Service
) -> None:
    _, headers = make_key(service, scopes=USUAL_SCOPES | {Scope.BACKFILL})
    send(client, headers, moved("perdu", minutes_ago=9999, actor="automation"))
    assert len(lead(client, headers)["tasks"]) == 1


def test_for_who_left_the_manager_of_their_team_is_called(
    client: TestClient, headers: dict[str, str], service: Service
) -> None:
    gone, _ = make_person(service, Role.SALES, team="Nord")
    send(client, headers, make_event(type="attributes_set", data={"owner": gone.name}))
    close_account(service.store, gone.login, NOW)
    tick(service, NOW)
    send(client, headers, moved("perdu", id="a", actor="automation"))
    make_person(service, Role.MANAGER, team="Nord", name="Paul Petit")
    tick(service, NOW + timedelta(minutes=1))
    send(client, headers, moved("negociation_finale", id="b", minutes_ago=1))
    owners = [task["owner"] for task in lead(client, headers)["tasks"]]
    assert sorted(owners) == ["Direction commerciale", "Paul Petit"]
