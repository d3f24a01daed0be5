"""A decision says what its maker saw; if that is no longer so, nothing is recorded."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.runtime.service import Service
from tests.serving.builders import make_person
from tests.serving.decisions.test_brake import ask, decisions, stage
from tests.serving.decisions.test_override import CONFIRM, CONTEST
from tests.serving.decisions.test_people_decide import entries, known
from tests.serving.decisions.test_statement import awa, boss, own_events, post
from tests.serving.reserved import LOST

__all__ = ["awa", "boss", "known"]  # fixtures

ADJUST = {"kind": "status_adjusted", "stage": "qualifie", "reason": "donnee_erronee"}
ON_A_STAGE = [
    ("stage-moves", {"to": "gagne"}),
    ("overrides", ADJUST),
]
ON_A_PRIORITY = [
    ("overrides", CONFIRM),
    ("overrides", CONTEST),
    ("requalifications", {"priority": "elevee", "reason": "Elle signe demain."}),
]


@pytest.mark.parametrize(("call", "sent"), ON_A_STAGE)
def test_a_lead_that_moved_meanwhile_is_not_moved_again(
    known: TestClient,
    service: Service,
    awa: dict[str, str],
    call: str,
    sent: dict[str, Any],
) -> None:
    assert ask(known, awa, "contacte").status_code == 200
    told = len(entries(service))

    answer = post(known, call, sent | {"from": "nouveau"}, awa)

    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert "L’étape a changé entre-temps" in answer.json()["detail"]
    assert "contacté" in answer.json()["detail"]
    assert (stage(service), len(entries(service))) == ("contacte", told)
    as_it_is = post(known, call, sent | {"from": "contacte"}, awa)
    assert as_it_is.status_code in {200, 201}, as_it_is.text


@pytest.mark.parametrize(("call", "sent"), ON_A_PRIORITY)
def test_another_priority_than_was_seen_is_not_judged(
    known: TestClient,
    service: Service,
    awa: dict[str, str],
    call: str,
    sent: dict[str, Any],
) -> None:
    lowered = CONTEST | {"priority": "basse", "from": "normale"}
    assert post(known, "overrides", lowered, awa).status_code == 201
    said = own_events(service)

    answer = post(known, call, sent | {"from": "normale"}, awa)

    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert "La priorité a changé entre-temps" in answer.json()["detail"]
    assert "basse" in answer.json()["detail"]
    assert own_events(service) == said
    as_it_is = post(known, call, sent | {"from": "basse"}, awa)
    assert as_it_is.status_code in {200, 201}, as_it_is.text


def test_a_move_that_is_made_already_says_so(
    known: TestClient, awa: dict[str, str]
) -> None:
    sent = {"to": "contacte", "from": "nouveau"}
    assert post(known, "stage-moves", sent, awa).status_code == 200
    again = post(known, "stage-moves", sent, awa)
    assert (again.status_code, again.json()["code"]) == (409, "stage_already_held")


def test_a_proposal_is_confirmed_from_the_stage_that_was_seen(
    known: TestClient, service: Service, headers: dict[str, str], awa: dict[str, str]
) -> None:
    waiting = ask(known, headers, "negociation_finale").json()["proposal_id"]
    assert ask(known, awa, "contacte").status_code == 200

    confirm = f"/v1/proposals/{waiting}/confirm"
    answer = known.post(confirm, json={"from": "nouveau"}, headers=awa)

    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert stage(service) == "contacte"
    as_it_is = known.post(confirm, json={"from": "contacte"}, headers=awa)
    assert as_it_is.status_code == 200


def test_of_many_who_saw_the_same_one_moves_it(
    known: TestClient, service: Service
) -> None:
    people = [
        make_person(service, name=f"Personne {n}", login=str(n))[1] for n in range(6)
    ]
    stages = ["contacte", "qualifie", "proposition", "gagne", "perdu", "contacte"]

    def decide(index: int) -> int:
        sent = {"to": stages[index], "from": "nouveau", **LOST}
        return int(post(known, "stage-moves", sent, people[index]).status_code)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(decide, range(6))) == [200, *[409] * 5]
    assert len(decisions(service)) == 1


def test_another_concession_than_was_seen_is_not_added_to(
    known: TestClient, service: Service, headers: dict[str, str], boss: dict[str, str]
) -> None:
    assert post(known, "concessions", {"percent": 3}, headers).status_code == 200
    sent = {"percent": 9.5, "reason": "Premier contrat.", "from": 3}
    assert post(known, "concessions", sent, boss).status_code == 200
    told = len(entries(service))

    answer = post(known, "concessions", sent, boss)

    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    detail = answer.json()["detail"].replace("\u00a0", " ")
    assert (
        "Une autre remise a été accordée entre-temps ; le total est de 12,5 %."
        in detail
    )
    assert len(entries(service)) == told
    read = known.get("/v1/leads/L-1", headers=boss).json()["conceded"]
    assert read == {"percent": 12.5, "by_machines_percent": 3}
    sent |= {"from": read["percent"]}
    assert post(known, "concessions", sent, boss).status_code == 200


def test_of_many_who_saw_the_same_one_concedes(
    known: TestClient, service: Service
) -> None:
    people = [
        make_person(service, name=f"Personne {n}", login=str(n))[1] for n in range(6)
    ]
    sent = {"percent": 10, "reason": "Premier contrat.", "from": 0}

    def concede(index: int) -> int:
        return int(post(known, "concessions", sent, people[index]).status_code)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(concede, range(6))) == [200, *[409] * 5]


def test_a_persons_concession_needs_a_reason(
    known: TestClient, awa: dict[str, str]
) -> None:
    for reason in ({}, {"reason": ""}, {"reason": "  "}):
        answer = post(known, "concessions", {"percent": 5} | reason, awa)
        assert (answer.status_code, answer.json()["field"]) == (422, "reason")
    sent = {"percent": 5, "reason": "Premier contrat."}
    assert post(known, "concessions", sent, awa).status_code == 200
