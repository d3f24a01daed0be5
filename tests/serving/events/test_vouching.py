"""Who did something in the CRM, by the word of a key; and what that is not: signed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.people.crm_users import CrmUser, CrmUsers
from governance.people.roles import Role
from serving.app.application import create_app
from serving.auth.accounts import close_account
from serving.events.export_log import stored_log
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
from tests.serving.reserved import LOST

Headers = dict[str, str]
VOUCHES = CRM_SCOPES | {Scope.VOUCH}


@pytest.fixture
def vouching(service: Service) -> Headers:
    """The headers of a key that may vouch for people; Awa has an account."""
    make_person(service, Role.SALES, login="awa", name="Awa Diallo")
    return make_key(service, name="Ventes", scopes=VOUCHES)[1]


def moved(to: str, *, id: str = "m", minutes_ago: int = 10, **more: Any) -> Any:
    at = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    fields = {"id": id, "type": "stage_changed", "data": {"to": to}, "time": at}
    return make_event(**fields | more)


def lead(client: TestClient, headers: Headers) -> dict[str, Any]:
    shown: dict[str, Any] = client.get("/v1/leads/L-1", headers=headers).json()
    return shown


def audit(client: TestClient, headers: Headers, action: str) -> list[dict[str, Any]]:
    entries = client.get("/v1/audit?lead_id=L-1", headers=headers).json()["entries"]
    return [entry for entry in entries if entry["action"] == action]


@pytest.mark.parametrize(
    "by", ["Awa Diallo", "awa", "AWA", " awa  diallo ", "Awa\u00a0Diallo"]
)
def test_a_vouched_move_is_of_the_person_and_never_signed(
    client: TestClient, vouching: Headers, service: Service, by: str
) -> None:
    send(client, vouching, make_event(id="first"))
    client.post("/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=vouching)
    taken = send(client, vouching, moved("perdu", by=by))
    assert taken == {"accepted": 1, "duplicates": 0, "rejected": []}

    seen = lead(client, vouching)
    assert (seen["stage"], seen["stage_assurance"]) == ("perdu", "vouched")
    assert not seen["stage_to_confirm"]
    assert seen["proposals"] == seen["tasks"] == []
    (entry,) = audit(client, vouching, "stage_observed")
    assert entry["why"]["assurance"] == "vouched"
    assert entry["vouched"] == {"who": "Awa Diallo", "key": "Ventes"}
    assert entry["who"]["kind"] == "integration"
    assert "Awa" not in str(entry["why"])  # the audit itself has no name
    assert audit(client, vouching, "stage_moved") == []
    (closed,) = audit(client, vouching, "proposal_closed")
    assert closed["after"] == {"status": "decided_in_crm"}


def test_a_declared_list_names_people_by_what_the_crm_calls_them(
    service: Service,
) -> None:
    user = CrmUser(name="Awa Diallo", crm=("005xx01", "awa@example.fr"))
    declared = replace(service, crm_users=CrmUsers(user=(user,)))
    _, headers = make_key(service, scopes=VOUCHES)
    with TestClient(create_app(declared)) as client:
        send(client, headers, moved("perdu", by="AWA@example.FR"))
        (entry,) = audit(client, headers, "stage_observed")
        assert entry["vouched"]["who"] == "Awa Diallo"


def test_a_key_that_may_not_vouch_is_refused_what_it_says_of_people(
    client: TestClient, headers: Headers
) -> None:
    told = moved("perdu", by="Awa Diallo")
    (rejected,) = send(client, headers, told)["rejected"]
    assert rejected["code"] == "scope_missing"
    assert "vouch" in rejected["detail"]
    alone = client.post(
        "/v1/events", json=told, headers=headers | {"Content-Type": ONE}
    )
    assert (alone.status_code, alone.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("by", ["Personne Inconnue", "Diallo"])
def test_whom_nobody_knows_did_nothing_and_the_fact_is_recorded_without_them(
    client: TestClient, vouching: Headers, by: str
) -> None:
    assert send(client, vouching, moved("perdu", by=by))["accepted"] == 1
    seen = lead(client, vouching)
    assert (seen["stage"], seen["stage_assurance"]) == ("perdu", "automation")
    assert seen["stage_to_confirm"]
    assert [task["kind"] for task in seen["tasks"]] == ["etape_reservee_observee"]


def test_who_left_the_company_did_nothing(
    client: TestClient, vouching: Headers, service: Service
) -> None:
    close_account(service.store, "awa", NOW)
    send(client, vouching, moved("perdu", by="awa"))
    assert lead(client, vouching)["stage_to_confirm"]


@pytest.mark.parametrize("actor", ["automation", "lead"])
def test_what_a_workflow_did_in_a_persons_name_is_a_machines(
    client: TestClient, vouching: Headers, actor: str
) -> None:
    send(client, vouching, moved("perdu", by="awa", actor=actor))
    assert lead(client, vouching)["stage_assurance"] == "automation"


@pytest.mark.parametrize("kind", ["stage_changed", "won", "lost"])
def test_nobody_vouches_through_the_data_of_an_event(
    client: TestClient, vouching: Headers, kind: str
) -> None:
    forged = {"to": "perdu", "vouched": {"who": "Awa Diallo", "key": "x"}}
    (rejected,) = send(client, vouching, make_event(type=kind, data=forged))["rejected"]
    assert rejected["code"] == "event_malformed"


def test_a_person_who_is_named_later_answers_what_was_asked(
    client: TestClient, vouching: Headers
) -> None:
    send(client, vouching, moved("perdu", id="1", minutes_ago=9))
    assert len(lead(client, vouching)["tasks"]) == 1
    send(client, vouching, moved("perdu", id="2", minutes_ago=8, by="awa"))
    seen = lead(client, vouching)
    assert (seen["stage_assurance"], seen["tasks"]) == ("vouched", [])
    send(client, vouching, moved("perdu", id="3", minutes_ago=7))  # takes nothing away
    assert lead(client, vouching)["stage_assurance"] == "vouched"


@pytest.mark.parametrize("kind", ["lost", "stage_changed"])
def test_the_log_says_what_is_known_and_names_nobody(
    client: TestClient, vouching: Headers, service: Service, kind: str
) -> None:
    send(client, vouching, moved("perdu", id="1", type=kind, actor="person"))
    send(client, vouching, moved("perdu", id="2", type=kind, subject="L-2", by="awa"))
    send(client, vouching, make_event(id="3", subject="L-3"))
    _, awa = make_person(service, Role.ADMIN, login="sign", name="Zoé Roux")
    lost = {"to": "perdu", **LOST}
    client.post("/v1/leads/L-3/stage-moves", json=lost, headers=awa)
    log = stored_log(service.store, service.pipeline, NOW)
    assert log is not None
    ends = log.events.filter(log.events["kind"] == "lost").sort("lead_id")
    known = ends["data"].str.json_path_match("$.assurance").to_list()
    assert known == ["automation", "vouched", "signed"]
    assert not ends["data"].str.contains("Awa").any()
    told = log.events.filter(log.events["kind"].is_in(["lost", "stage_changed"]))
    actors = dict(zip(told["lead_id"], told["actor"], strict=True))
    assert actors == {"L-1": "automation", "L-2": "person", "L-3": "person"}
