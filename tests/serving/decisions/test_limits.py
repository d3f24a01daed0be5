"""Limits of people: above them, a concession is a manager's; a loss is explained."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from governance.people.roles import Role
from governance.policy.pipeline import Pipeline, read_pipeline
from serving.app.application import create_app
from serving.auth.dependencies import COOKIE
from serving.auth.sessions import begin_session
from serving.repositories.audit import entries_about
from serving.repositories.events import stored_events
from serving.repositories.leads import find_lead
from serving.repositories.persons import Person
from serving.repositories.proposals import all_proposals
from serving.repositories.tasks import listed_tasks
from serving.runtime.service import Service
from tests.serving.builders import make_event, make_person, send
from tests.serving.reserved import LOST, Headers

LEAD = "/v1/leads/L-1"


@pytest.fixture
def people(service: Service) -> dict[str, Headers]:
    """Awa sells in the team of Nadia; Paul administers."""
    given = {
        "awa": (Role.SALES, "Awa Diallo"),
        "nadia": (Role.MANAGER, "Nadia Cohen"),
        "paul": (Role.ADMIN, "Paul Petit"),
    }
    return {
        login: make_person(service, role, name=name, login=login, team="ouest")[1]
        for login, (role, name) in given.items()
    }


@pytest.fixture
def owned(client: TestClient, headers: Headers) -> TestClient:
    """L-1 is Awa's."""
    send(
        client,
        headers,
        make_event(
            type="attributes_set", data={"owner": "Awa Diallo", "amount": 20_000}
        ),
    )
    return client


def concede(client: TestClient, who: Headers, percent: float) -> Any:
    sent = {"percent": percent, "reason": "Premier contrat"}
    return client.post(f"{LEAD}/concessions", json=sent, headers=who)


class TestAConcession:
    def test_above_the_limit_is_proposed_to_the_manager(
        self, owned: TestClient, service: Service, people: dict[str, Headers]
    ) -> None:
        refused = concede(owned, people["awa"], 15)
        told = refused.json()
        assert (refused.status_code, told["code"]) == (409, "reserved_for_people")
        assert told["detail"] == (
            "Accorder une remise de 15\u00a0% dépasse ce que vous pouvez accorder"
            "\u00a0; un responsable est saisi de la proposition."
        )
        with service.store.reading() as session:
            (proposal,) = all_proposals(session)
            (task,) = listed_tasks(session, None, None, 10)
        assert told["proposal_id"] == str(proposal.id)
        assert (proposal.clause, proposal.asked_by) == ("P-15", "Awa Diallo")
        assert proposal.concession_percent == 15
        assert task.owner == "Nadia Cohen"

    def test_that_is_proposed_is_not_confirmed_by_who_may_not_grant_it(
        self, owned: TestClient, people: dict[str, Headers]
    ) -> None:
        proposal = concede(owned, people["awa"], 15).json()["proposal_id"]
        path = f"/v1/proposals/{proposal}/confirm"
        refused = owned.post(path, json={}, headers=people["awa"])
        assert (refused.status_code, refused.json()["proposal_id"]) == (409, proposal)
        assert owned.post(path, json={}, headers=people["nadia"]).status_code == 200

    def test_that_a_key_proposed_is_the_managers_as_well(
        self, owned: TestClient, headers: Headers, people: dict[str, Headers]
    ) -> None:
        """A rep granted herself 60 % while the CRM's 15 % waited."""
        proposal = concede(owned, headers, 15).json()["proposal_id"]
        path = f"/v1/proposals/{proposal}/confirm"
        assert owned.post(path, json={}, headers=people["awa"]).status_code == 409
        assert concede(owned, people["awa"], 60).status_code == 409
        assert owned.post(path, json={}, headers=people["nadia"]).status_code == 200

    @pytest.mark.parametrize(
        ("who", "percent", "status"),
        [
            ("awa", 10, 200),
            ("awa", 10.1, 409),
            ("nadia", 25, 200),
            ("nadia", 25.1, 409),
            ("paul", 60, 200),
        ],
    )
    def test_is_limited_by_role(
        self,
        owned: TestClient,
        people: dict[str, Headers],
        who: str,
        percent: float,
        status: int,
    ) -> None:
        assert concede(owned, people[who], percent).status_code == status

    def test_adds_up_with_what_others_conceded(
        self, owned: TestClient, headers: Headers, people: dict[str, Headers]
    ) -> None:
        assert concede(owned, headers, 5).status_code == 200
        assert concede(owned, people["awa"], 5.1).status_code == 409
        assert concede(owned, people["awa"], 3.3).status_code == 200
        assert concede(owned, people["awa"], 1.7).status_code == 200
        assert concede(owned, people["awa"], 0.1).status_code == 409


@pytest.mark.parametrize(
    ("role", "amount", "limit"),
    [
        (Role.SALES, None, 10),
        (Role.SALES, 1_000, 10),
        (Role.SALES, 20_000, 5),
        (Role.SALES, 0, 10),
        (Role.MANAGER, 20_000, 25),
        (Role.ADMIN, 20_000, None),
    ],
)
def test_a_limit_in_euros_is_one_of_the_leads_amount(
    role: Role, amount: float | None, limit: float | None
) -> None:
    fields = read_pipeline().model_dump() | {"concession_amount": {"commercial": 1000}}
    pipeline = Pipeline.model_validate(fields)
    assert pipeline.concession_limit(role, amount) == limit


class TestALoss:
    @pytest.mark.parametrize(
        "why",
        [
            {},
            {"reason": "Trop cher"},
            {"lost_reason": "prix"},
            {"lost_reason": "prix", "reason": "  "},
            {"lost_reason": "ailleurs", "reason": "Trop cher"},
            {"lost_reason": "", "reason": "Trop cher"},
        ],
    )
    def test_without_a_reason_and_a_word_is_refused(
        self, owned: TestClient, people: dict[str, Headers], why: dict[str, str]
    ) -> None:
        sent = {"to": "perdu", **why}
        refused = owned.post(f"{LEAD}/stage-moves", json=sent, headers=people["awa"])
        told = refused.json()
        assert (refused.status_code, told["code"]) == (422, "lost_reason_missing")
        assert told["field"] == "lost_reason"
        assert "prix (Prix trop élevé), concurrent (" in told["detail"]

    def test_is_stored_audited_and_exported(
        self, owned: TestClient, service: Service, people: dict[str, Headers]
    ) -> None:
        sent = {"to": "perdu", **LOST}
        answer = owned.post(f"{LEAD}/stage-moves", json=sent, headers=people["awa"])
        assert answer.status_code == 200
        with service.store.reading() as session:
            lead = find_lead(session, "L-1")
            assert lead is not None
            moved = [
                entry
                for entry in entries_about(session, lead.id, 50)
                if entry.action == "stage_moved"
            ]
            told = stored_events(session, [lead.id])[-1]
        assert moved[0].why["lost_reason"] == "prix"
        assert "Trop cher" not in str(moved[0].why)
        assert told.data == {"from": "nouveau", "to": "perdu", "lost_reason": "prix"}

    def test_that_was_proposed_is_explained_by_who_confirms(
        self, owned: TestClient, headers: Headers, people: dict[str, Headers]
    ) -> None:
        asked = owned.post(f"{LEAD}/stage-moves", json={"to": "perdu"}, headers=headers)
        path = f"/v1/proposals/{asked.json()['proposal_id']}/confirm"
        assert owned.post(path, json={}, headers=people["awa"]).status_code == 422
        assert owned.post(path, json=LOST, headers=people["awa"]).status_code == 200

    def test_that_rectifies_a_status_is_explained_too(
        self, owned: TestClient, people: dict[str, Headers]
    ) -> None:
        said = {"kind": "status_adjusted", "stage": "perdu", "reason": "budget"}
        path = f"{LEAD}/overrides"
        assert owned.post(path, json=said, headers=people["awa"]).status_code == 422
        said |= {"text": "Gelé", "lost_reason": "budget"}
        assert owned.post(path, json=said, headers=people["awa"]).status_code == 201

    def test_is_chosen_from_a_list(
        self, owned: TestClient, people: dict[str, Headers]
    ) -> None:
        choices = owned.get("/v1/choices", headers=people["awa"]).json()
        first = choices["lost_reason"][0]
        assert first == {"name": "prix", "title": "Prix trop élevé"}


class TestTheConsole:
    """What its pages and forms say of it."""

    @pytest.fixture
    def awa(self, service: Service, owned: TestClient) -> Person:
        make_person(
            service, Role.MANAGER, name="Nadia Cohen", login="nadia", team="ouest"
        )
        return make_person(service, Role.SALES, login="awa", team="ouest")[0]

    @pytest.fixture
    def hers(self, service: Service, awa: Person) -> Any:
        """A client with Awa's session, and the token of its forms."""
        begun = begin_session(service.store, awa, service.clock())
        client = TestClient(create_app(service), follow_redirects=False)
        client.cookies.set(COOKIE, begun.cookie)

        def post(act: str, **fields: str) -> Any:
            return client.post(
                f"/console/opportunites/L-1/{act}", data={"csrf": begun.csrf, **fields}
            )

        return client, post

    def test_a_concession_above_the_limit_goes_to_the_manager(self, hers: Any) -> None:
        client, post = hers
        page = client.get("/console/opportunites/L-1").text
        assert "Vous pouvez accorder jusqu’à 10\u00a0% en tout" in page
        refused = post("remise", percent="15", reason="Fidélité", **{"from": "0"})
        assert refused.status_code == 409
        assert "un responsable est saisi de la proposition" in refused.text
        page = client.get("/console/opportunites/L-1").text
        assert "Cette remise dépasse la limite de qui la demande" in page
        assert "Cette remise dépasse ce que vous pouvez accorder" in page
        assert "Confirmer la proposition" not in page

    def test_a_loss_is_explained_in_its_form(self, hers: Any) -> None:
        client, post = hers
        page = client.get("/console/opportunites/L-1").text
        assert '<option value="prix">Prix trop élevé</option>' in page
        refused = post("etape", to="perdu", lost_reason="", reason="")
        assert refused.status_code == 422
        assert (
            "Dites en quelques mots pourquoi l’opportunité est perdue" in refused.text
        )
        told = post("etape", to="perdu", lost_reason="prix", reason="Trop cher")
        assert told.status_code == 303
        page = client.get("/console/opportunites/L-1").text
        assert "Prix trop élevé" in page.split("Décider")[0] + page.split("Décider")[-1]

    def test_a_loss_that_was_proposed_is_explained_in_its_form(
        self, hers: Any, owned: TestClient, headers: Headers
    ) -> None:
        client, post = hers
        asked = owned.post(f"{LEAD}/stage-moves", json={"to": "perdu"}, headers=headers)
        proposal = asked.json()["proposal_id"]
        page = client.get("/console/opportunites/L-1").text
        assert "Pourquoi elle est perdue" in page
        act = f"propositions/{proposal}/confirmer"
        assert post(act, reason="", lost_reason="").status_code == 422
        assert post(act, reason="Trop cher", lost_reason="prix").status_code == 303
