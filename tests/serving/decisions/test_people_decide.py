"""By HTTP, a person moves a lead, and decides a proposal; a key never does."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.people.roles import Role
from governance.policy.effects import PROPOSAL_LASTS
from serving.repositories.api_keys import Scope
from serving.repositories.audit import AuditRecord, entries_about
from serving.repositories.leads import find_lead
from serving.runtime.service import Service
from tests.serving.builders import make_event, make_key, make_person, send
from tests.serving.decisions.test_brake import PIPELINE, RESERVED, ask, decisions, stage
from tests.serving.reserved import LOST


@pytest.fixture
def known(client: TestClient, headers: dict[str, str]) -> TestClient:
    """A client of a service that knows the lead L-1, of Awa Diallo."""
    owned = make_event(type="attributes_set", data={"owner": "Awa Diallo"})
    send(client, headers, owned)
    return client


@pytest.fixture
def proposal(known: TestClient, headers: dict[str, str]) -> str:
    """The address of a proposal to abandon L-1."""
    return f"/v1/proposals/{ask(known, headers, 'perdu').json()['proposal_id']}"


def entries(service: Service) -> list[AuditRecord]:
    with service.store.reading() as session:
        lead = find_lead(session, "L-1")
        assert lead is not None
        return entries_about(session, lead.id, 500)


@pytest.mark.parametrize("role", [Role.SALES, Role.MANAGER, Role.ADMIN])
@pytest.mark.parametrize("to", RESERVED)
def test_a_person_makes_a_reserved_move_and_signs_it(
    known: TestClient, service: Service, role: Role, to: str
) -> None:
    _, awa = make_person(service, role)
    answer = ask(known, awa, to, **LOST)

    assert (answer.status_code, answer.json()["clause"]) == (200, "P-01")
    assert stage(service) == to
    (decision,) = decisions(service)
    assert (decision["signer_kind"], decision["signer"]) == ("person", "Awa Diallo")
    made = next(one for one in entries(service) if one.action == "stage_moved")
    assert (made.who.kind, made.who.name) == ("person", "Awa Diallo")


def test_confirming_makes_the_move(
    known: TestClient, service: Service, proposal: str
) -> None:
    _, awa = make_person(service, Role.SALES)
    answer = known.post(f"{proposal}/confirm", json=LOST, headers=awa)
    assert (answer.status_code, answer.json()["to_stage"]) == (200, "perdu")
    again = known.post(f"{proposal}/confirm", json=LOST, headers=awa)
    assert (again.status_code, again.json()["code"]) == (409, "proposal_decided")


def test_dismissing_needs_a_reason_and_moves_nothing(
    known: TestClient, service: Service, proposal: str
) -> None:
    _, awa = make_person(service, Role.SALES)
    for sent in ({}, {"reason": ""}, {"reason": "  "}):
        answer = known.post(f"{proposal}/dismiss", json=sent, headers=awa)
        assert answer.json()["code"] == "request_invalid"
    sent = {"reason": "Trop tôt"}
    assert known.post(f"{proposal}/dismiss", json=sent, headers=awa).status_code == 204
    assert stage(service) == PIPELINE.entry
    lead = known.get("/v1/leads/L-1", headers=awa).json()
    assert (lead["proposals"], lead["tasks"]) == ([], [])


def test_an_expired_proposal_is_not_decided(
    known: TestClient, service: Service, proposal: str
) -> None:
    service.clock.advance(PROPOSAL_LASTS)  # type: ignore[attr-defined]  # a SetClock
    _, awa = make_person(service, Role.ADMIN)
    for action in ("confirm", "dismiss"):
        sent = {"reason": "Trop tard"}
        answer = known.post(f"{proposal}/{action}", json=sent, headers=awa)
        assert (answer.status_code, answer.json()["code"]) == (409, "proposal_decided")
        assert "expirée" in answer.json()["detail"]
    assert decisions(service) == []


def test_a_step_back_after_a_complex_exchange_waits_for_a_person(
    known: TestClient, service: Service, headers: dict[str, str]
) -> None:
    assert ask(known, headers, "qualifie").status_code == 200
    noted = make_event(id="n", type="note_added", data={"objections": ["prix"]})
    send(known, headers, noted)
    assert ask(known, headers, "proposition").status_code == 200
    answer = ask(known, headers, "contacte")
    assert (answer.status_code, answer.json()["code"]) == (409, "reserved_for_people")
    _, awa = make_person(service, Role.SALES)
    assert ask(known, awa, "contacte").status_code == 200


def test_who_does_not_see_the_lead_does_not_see_its_proposal(
    known: TestClient, service: Service, proposal: str
) -> None:
    _, zoe = make_person(service, Role.SALES, name="Zoé Blanc")
    answer = known.post(f"{proposal}/confirm", json=LOST, headers=zoe)
    assert (answer.status_code, answer.json()["code"]) == (404, "proposal_unknown")


def test_a_key_of_any_scope_decides_nothing_and_that_is_recorded(
    known: TestClient, service: Service, proposal: str
) -> None:
    keys = [frozenset[Scope](), *(frozenset({one}) for one in Scope), frozenset(Scope)]
    for scopes in keys:
        _, headers = make_key(service, scopes=scopes)
        for action in ("confirm", "dismiss"):
            sent = {"reason": "non"}
            answer = known.post(f"{proposal}/{action}", json=sent, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (
                403,
                "person_required",
            )
    assert decisions(service) == []
    refused = [one for one in entries(service) if one.action == "decision_refused"]
    assert len(refused) == 2 * len(keys)


def test_of_two_at_once_one_wins_and_the_other_is_told(
    known: TestClient, service: Service, proposal: str
) -> None:
    people = [
        make_person(service, Role.ADMIN, name=f"P {n}", login=f"p{n}")[1]
        for n in range(4)
    ]

    def confirm(headers: dict[str, str]) -> Any:
        return known.post(f"{proposal}/confirm", json=LOST, headers=headers)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(confirm, people))
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    told = {one.json()["code"] for one in answers if one.status_code == 409}
    assert told == {"proposal_decided"}
    assert len(decisions(service)) == 1
