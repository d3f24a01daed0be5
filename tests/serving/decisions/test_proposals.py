"""A person decides a proposal; the first one wins."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from governance.people.principal import Principal, PrincipalKind
from serving.decisions.proposals import confirm, dismiss
from serving.errors import (
    PersonRequiredError,
    ProposalDecidedError,
    ProposalUnknownError,
)
from serving.repositories.proposals import Proposal, all_proposals
from serving.runtime.service import Service
from tests.serving.builders import AWA, LOSS, NOW, make_event, make_person, send

KEY = Principal(PrincipalKind.INTEGRATION, "ab12cd34")


@pytest.fixture
def proposal_id(client: TestClient, headers: dict[str, str]) -> UUID:
    send(client, headers, make_event())
    answer = client.post(
        "/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers
    )
    return UUID(answer.json()["proposal_id"])


def the_proposal(service: Service) -> Proposal:
    with service.store.reading() as session:
        (proposal,) = all_proposals(session)
    return proposal


def test_confirming_makes_the_move(service: Service, proposal_id: UUID) -> None:
    make_person(service)
    made = confirm(service, proposal_id, AWA, replace(LOSS, text="Budget gelé"), NOW)

    assert (made.origin, made.to) == ("nouveau", "perdu")
    decided = the_proposal(service)
    assert (decided.status, decided.decided_by) == ("confirmed", "Awa Diallo")
    assert decided.decision_reason == "Budget gelé"


def test_dismissing_moves_nothing(
    client: TestClient, headers: dict[str, str], service: Service, proposal_id: UUID
) -> None:
    dismiss(service, proposal_id, AWA, "Trop tôt", NOW)

    assert the_proposal(service).status == "dismissed"
    lead = client.get("/v1/leads/L-1", headers=headers).json()
    assert (lead["stage"], lead["proposals"], lead["tasks"]) == ("nouveau", [], [])


def test_a_dismissed_move_may_be_proposed_again(
    client: TestClient, headers: dict[str, str], service: Service, proposal_id: UUID
) -> None:
    dismiss(service, proposal_id, AWA, "Trop tôt", NOW)
    answer = client.post(
        "/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers
    )
    assert answer.json()["proposal_id"] != str(proposal_id)


def test_only_a_person_decides(service: Service, proposal_id: UUID) -> None:
    with pytest.raises(PersonRequiredError):
        confirm(service, proposal_id, KEY, LOSS, NOW)
    with pytest.raises(PersonRequiredError):
        dismiss(service, proposal_id, KEY, "non", NOW)


def test_an_unknown_proposal_is_an_error(service: Service) -> None:
    with pytest.raises(ProposalUnknownError):
        confirm(service, uuid4(), AWA, LOSS, NOW)


def test_the_second_to_decide_is_told(service: Service, proposal_id: UUID) -> None:
    dismiss(service, proposal_id, AWA, "Trop tôt", NOW)
    with pytest.raises(ProposalDecidedError) as caught:
        confirm(service, proposal_id, AWA, LOSS, NOW)
    assert (caught.value.status, caught.value.decided_by) == ("dismissed", "Awa Diallo")


def test_of_many_at_once_one_wins(service: Service, proposal_id: UUID) -> None:
    people = [
        make_person(service, name=f"Personne {n}", login=str(n))[0] for n in range(8)
    ]

    def decide(index: int) -> bool:
        person = people[index].principal
        try:
            if index % 2:
                confirm(service, proposal_id, person, LOSS, NOW)
            else:
                dismiss(service, proposal_id, person, "non", NOW)
        except ProposalDecidedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(decide, range(8))) == 1
