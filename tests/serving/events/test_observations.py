"""What an observed event changes of what is known of a lead."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.errors import LogError
from features.event import Actor, Event, events_frame
from features.log import Log, LogAbout
from governance.people.assurance import VOUCHED_FIELD, Vouched
from governance.people.overrides import OWN_SOURCE
from governance.people.roles import Role
from serving.app.scheduler import tick
from serving.auth.accounts import close_account
from serving.events.import_log import load_leads
from serving.repositories.api_keys import Scope
from serving.runtime.service import Service
from tests.serving.builders import (
    CRM_SCOPES,
    NOW,
    ONE,
    make_event,
    make_key,
    make_person,
    send,
)


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


NO_STAGES = ["ailleurs", "closedlost", "Perdu", "perdu ", "négociation finale", ""]


@pytest.mark.parametrize("to", [*NO_STAGES, 3, None, ["perdu"]])
def test_a_stage_that_is_not_ours_is_refused_and_the_known_ones_are_named(
    client: TestClient, headers: dict[str, str], to: Any
) -> None:
    send(client, headers, make_event(id="first"))
    taken = send(client, headers, moved(to), make_event(id="other"))
    assert (taken["accepted"], taken["duplicates"]) == (1, 0)
    (rejected,) = taken["rejected"]
    assert (rejected["index"], rejected["code"]) == (0, "stage_not_in_pipeline")
    assert "nouveau, contacte, qualifie" in rejected["detail"]
    assert lead(client, headers)["stage"] == "nouveau"

    alone = headers | {"Content-Type": ONE}
    answer = client.post("/v1/events", json=moved(to, id="2"), headers=alone)
    assert (answer.status_code, answer.json()["code"]) == (422, "stage_not_in_pipeline")


def test_a_move_that_names_no_stage_is_refused(
    client: TestClient, headers: dict[str, str]
) -> None:
    taken = send(client, headers, moved("x", data={}))
    assert [one["code"] for one in taken["rejected"]] == ["stage_not_in_pipeline"]


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


@pytest.mark.parametrize("nobody", [None, "", "  "])
def test_a_lead_that_is_nobodys_any_more_is_so_and_its_tasks_change_hands(
    client: TestClient, headers: dict[str, str], service: Service, nobody: str | None
) -> None:
    owned = {"type": "attributes_set", "data": {"owner": "Jean Roy"}}
    send(client, headers, make_event(id="1", **owned), moved("perdu"))
    assert lead(client, headers)["tasks"][0]["owner"] == "Jean Roy"

    gone = {"type": "attributes_set", "data": {"owner": nobody}}
    send(client, headers, make_event(id="2", time=NOW.isoformat(), **gone))

    seen = lead(client, headers)
    assert seen["owner"] is None
    assert [task["owner"] for task in seen["tasks"]] == ["Direction commerciale"]
    _, manager = make_person(service, Role.MANAGER, team="Nord")
    assert client.get("/v1/leads/L-1", headers=manager).status_code == 200
    entries = client.get("/v1/audit?lead_id=L-1", headers=headers).json()["entries"]
    (changed,) = [one for one in entries if one["action"] == "owner_changed"]
    assert changed["after"] == {"owner": None}
    assert changed["who"]["name"] == "crm"


def test_an_older_word_on_the_owner_changes_nothing(
    client: TestClient, headers: dict[str, str]
) -> None:
    owned = {"type": "attributes_set", "data": {"owner": "Jean Roy"}}
    earlier = (NOW - timedelta(days=2)).isoformat()
    gone = {"type": "attributes_set", "data": {"owner": None}, "time": earlier}
    send(client, headers, make_event(id="1", **owned))
    send(client, headers, make_event(id="2", **gone))
    assert lead(client, headers)["owner"] == "Jean Roy"


@pytest.mark.parametrize("actor", ["person", "automation", "lead", None])
def test_a_reserved_move_seen_in_the_crm_calls_a_person_whatever_actor_it_claims(
    client: TestClient, headers: dict[str, str], actor: str | None
) -> None:
    send(client, headers, moved("perdu", actor=actor))

    seen = lead(client, headers)
    assert (seen["stage"], seen["stage_to_confirm"]) == ("perdu", True)
    assert seen["stage_assurance"] == "automation"
    (task,) = seen["tasks"]
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


@pytest.mark.parametrize("to", ["perdu", "negociation_finale"])
@pytest.mark.parametrize("actor", ["person", "automation"])
def test_a_reserved_move_by_nobody_known_leaves_its_proposal_open(
    client: TestClient, headers: dict[str, str], to: str, actor: str
) -> None:
    send(client, headers, make_event())
    client.post("/v1/leads/L-1/stage-moves", json={"to": to}, headers=headers)
    (asked,) = lead(client, headers)["proposals"]

    send(client, headers, moved(to, actor=actor))

    seen = lead(client, headers)
    assert [one["id"] for one in seen["proposals"]] == [asked["id"]]
    kinds = sorted(one["kind"] for one in seen["tasks"])
    assert kinds == ["decision_reservee", "etape_reservee_observee"]


@pytest.mark.parametrize("minutes_ago", [10, 24 * 60 - 1, 24 * 60, 9_999])
def test_a_reserved_move_that_is_backfilled_by_a_key_calls_a_person(
    client: TestClient, service: Service, minutes_ago: int
) -> None:
    _, headers = make_key(service, scopes=CRM_SCOPES | {Scope.BACKFILL})
    loaded = {"receivedat": "2026-11-24T08:55:00Z", "actor": "person"}
    send(client, headers, moved("perdu", minutes_ago=minutes_ago, **loaded))
    assert len(lead(client, headers)["tasks"]) == 1
    assert lead(client, headers)["stage_to_confirm"]


@pytest.mark.parametrize(
    ("minutes_ago", "n_tasks"),
    [
        pytest.param(24 * 60 - 1, 1, id="of-the-last-day"),
        pytest.param(24 * 60, 0, id="older"),
    ],
)
def test_a_history_that_is_loaded_in_bulk_calls_nobody_but_a_fresh_move_does(
    client: TestClient,
    headers: dict[str, str],
    service: Service,
    minutes_ago: int,
    n_tasks: int,
) -> None:
    at = NOW - timedelta(minutes=minutes_ago)
    lost = Event(
        event_id="m",
        source="crm",
        lead_id="L-1",
        kind="lost",
        occurred_at=at,
        received_at=at,
        actor=Actor.PERSON,
        data={},
    )
    log = Log(LogAbout(name="b2b"), events_frame([lost]))
    load_leads(service, log, ["L-1"], NOW, lambda _: None)
    seen = lead(client, headers)
    assert seen["stage"] == "perdu"
    assert len(seen["tasks"]) == n_tasks
    assert seen["stage_to_confirm"] is bool(n_tasks)


@pytest.mark.parametrize("source", ["crm", OWN_SOURCE])
def test_a_log_that_is_loaded_vouches_for_nobody(
    client: TestClient, service: Service, headers: dict[str, str], source: str
) -> None:
    at = NOW - timedelta(minutes=1)
    who = Vouched("Awa Diallo", "crm", "k-1").data
    moved_there = Event(
        event_id="m",
        source=source,
        lead_id="L-1",
        kind="stage_changed",
        occurred_at=at,
        received_at=at,
        actor=Actor.PERSON,
        data={"to": "negociation_finale", VOUCHED_FIELD: who},
    )
    log = Log(LogAbout(name="b2b"), events_frame([moved_there]))
    if source == OWN_SOURCE:
        with pytest.raises(LogError, match=r"event 'm' of lead 'L-1'.*'frein'"):
            load_leads(service, log, ["L-1"], NOW, lambda _: None)
        assert client.get("/v1/leads/L-1", headers=headers).status_code == 404
        return
    load_leads(service, log, ["L-1"], NOW, lambda _: None)
    seen = lead(client, headers)
    assert (seen["stage_to_confirm"], seen["vouched_stage"]) == (True, None)
    assert len(seen["tasks"]) == 1


def test_a_fresh_move_calls_a_person_whatever_its_key_may_say(
    client: TestClient, service: Service
) -> None:
    _, headers = make_key(service, scopes=CRM_SCOPES | {Scope.BACKFILL})
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
