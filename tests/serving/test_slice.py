"""The way of an event: to a score, then to the brake, then to a person."""

from starlette.testclient import TestClient

from serving.decisions.proposals import confirm
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.serving.builders import AWA, LOSS, NOW, make_event, make_person, send
from tests.serving.fakes import score_of


def test_an_event_gives_a_score_and_a_reserved_move_waits_for_a_person(
    client: TestClient, headers: dict[str, str], service: Service
) -> None:
    assert send(client, headers, make_event()) == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": [],
    }
    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert lead["score"]["score"] == score_of(1)

    refused = client.post(
        "/v1/leads/L-1/stage-moves", json={"to": "negociation_finale"}, headers=headers
    )
    assert refused.status_code == 409
    assert refused.json()["code"] == "reserved_for_people"

    with service.store.reading() as session:
        (proposal,) = all_proposals(session)
    make_person(service)
    confirm(service, proposal.id, AWA, LOSS, NOW)

    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert lead["stage"] == "negociation_finale"
    assert lead["proposals"] == lead["tasks"] == []
    assert lead["score"]["score"] == score_of(2)
