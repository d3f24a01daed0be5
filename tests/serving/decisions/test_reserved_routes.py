"""Concessions and requalifications: the same brake, and its locks one by one."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from governance.people.roles import Role
from governance.policy.effects import ProposalStatus
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.serving.builders import make_event, make_person, send, write
from tests.serving.decisions.test_override import CONTEST, later, lead
from tests.serving.decisions.test_people_decide import entries, known
from tests.serving.decisions.test_statement import awa, boss, own_events, post
from tests.serving.reserved import concession

__all__ = ["awa", "boss", "known"]  # fixtures


def concessions(service: Service) -> list[tuple[Any, ...]]:
    asked = "SELECT percent, signer_kind, signer FROM concession"
    with service.store.reading() as session:
        return [tuple(row) for row in session.execute(text(asked))]


@pytest.fixture
def after_objection(known: TestClient, headers: dict[str, str]) -> TestClient:
    """A client of a service where L-1 has had a complex exchange."""
    noted = make_event(id="n", type="note_added", data={"objections": ["prix"]})
    send(known, headers, noted)
    return known


class TestConcessions:
    def test_a_key_concedes_up_to_the_threshold(
        self, known: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        answer = post(known, "concessions", {"percent": 10}, headers)
        assert (answer.status_code, answer.json()["clause"]) == (200, "P-08")
        assert [row[:2] for row in concessions(service)] == [(10, "integration")]
        assert own_events(service)[0][0] == "concession_granted"

    def test_small_ones_that_add_up_are_reserved_too(
        self, known: TestClient, headers: dict[str, str], service: Service
    ) -> None:
        statuses = [
            post(known, "concessions", {"percent": percent}, headers).status_code
            for percent in (6, 4, 0.5)
        ]
        assert statuses == [200, 200, 409]
        assert [row[0] for row in concessions(service)] == [6, 4]

    def test_above_it_a_person_is_asked_once_and_decides(
        self,
        known: TestClient,
        headers: dict[str, str],
        service: Service,
        boss: dict[str, str],
    ) -> None:
        first = post(known, "concessions", {"percent": 10.5}, headers)
        again = post(known, "concessions", {"percent": 10.5}, headers)
        assert (first.status_code, first.json()["code"]) == (409, "reserved_for_people")
        assert "remise de 10,5" in first.json()["detail"]
        assert first.json()["task_id"] is not None
        assert again.json()["proposal_id"] == first.json()["proposal_id"]
        other = post(known, "concessions", {"percent": 20}, headers).json()
        assert concessions(service) == []

        waiting = f"/v1/proposals/{first.json()['proposal_id']}/confirm"
        assert known.post(waiting, json={}, headers=boss).status_code == 200
        assert concessions(service) == [(10.5, "person", "Awa Diallo")]
        dismissed = f"/v1/proposals/{other['proposal_id']}/dismiss"
        why = {"reason": "Trop"}
        assert known.post(dismissed, json=why, headers=boss).status_code == 204
        seen = known.get("/v1/leads/L-1", headers=boss).json()
        assert (seen["proposals"], seen["tasks"]) == ([], [])
        told = [one.action for one in entries(service)]
        assert told.count("concession_refused") == 3
        assert told.count("concession_granted") == 1

    def test_a_person_concedes_what_is_proposed_already(
        self,
        known: TestClient,
        headers: dict[str, str],
        service: Service,
        boss: dict[str, str],
    ) -> None:
        post(known, "concessions", {"percent": 40}, headers)
        asked = {"percent": 40, "reason": "Premier contrat."}
        answer = post(known, "concessions", asked, boss)
        assert (answer.status_code, answer.json()["clause"]) == (200, "P-01")
        assert known.get("/v1/leads/L-1", headers=boss).json()["proposals"] == []

    @pytest.mark.parametrize("percent", [0, 0.09, -1, 100.5, "dix", None])
    def test_an_odd_one_is_refused(
        self, known: TestClient, headers: dict[str, str], percent: Any
    ) -> None:
        answer = post(known, "concessions", {"percent": percent}, headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")

    @pytest.mark.parametrize("reserved", ["true", "false", "NULL"])
    @pytest.mark.parametrize("kind", ["integration", "automation", "robot", ""])
    def test_by_sql_alone_it_is_refused(
        self, known: TestClient, service: Service, reserved: str, kind: str
    ) -> None:
        with pytest.raises(IntegrityError):
            write(service.store, concession(11, reserved=reserved).insert(kind))
        assert concessions(service) == []

    def test_by_sql_alone_small_ones_add_up(
        self, known: TestClient, service: Service
    ) -> None:
        small = concession(6, reserved="false")
        both = small.insert("automation"), small.insert("integration")
        second = both[1].partition(" VALUES ")[2]
        for tried in (both, (f"{both[0]}, {second}",)):
            with pytest.raises(IntegrityError, match="reserved_for_people"):
                write(service.store, *tried)
        assert concessions(service) == []
        write(service.store, small.insert("automation"))
        with pytest.raises(IntegrityError, match="reserved_for_people"):
            write(service.store, small.insert("integration"))

    def test_it_never_changes(self, known: TestClient, service: Service) -> None:
        make_person(service)
        write(service.store, concession(11, reserved="true").insert("person"))
        for statement in (
            "UPDATE concession SET percent = 90",
            "DELETE FROM concession",
        ):
            with pytest.raises(IntegrityError, match="append_only"):
                write(service.store, statement)


class TestRequalifications:
    def test_a_key_gives_a_priority(
        self, known: TestClient, headers: dict[str, str], awa: dict[str, str]
    ) -> None:
        sent = {"priority": "elevee"}
        answer = post(known, "requalifications", sent, headers)
        assert (answer.status_code, answer.json()["clause"]) == (200, "P-05")
        assert lead(known, awa)["priority"] == "elevee"
        again = post(known, "requalifications", sent, headers)
        assert again.json()["code"] == "priority_already_held"

    def test_after_a_complex_exchange_a_person_is_asked_once(
        self,
        after_objection: TestClient,
        headers: dict[str, str],
        service: Service,
        awa: dict[str, str],
    ) -> None:
        sent = {"priority": "elevee", "reason": "score"}
        first = post(after_objection, "requalifications", sent, headers)
        again = post(after_objection, "requalifications", sent, headers)
        assert (first.status_code, first.json()["code"]) == (409, "reserved_for_people")
        assert again.json()["proposal_id"] == first.json()["proposal_id"]
        assert lead(after_objection, awa)["priority"] == "normale"

        waiting = f"/v1/proposals/{first.json()['proposal_id']}/confirm"
        assert after_objection.post(waiting, json={}, headers=awa).status_code == 200
        assert lead(after_objection, awa)["priority"] == "elevee"

    def test_a_person_s_act_that_a_key_tells_of_unlocks_nothing(
        self, after_objection: TestClient, headers: dict[str, str]
    ) -> None:
        told = {"actor": "person", "data": {"to": "nouveau"}}
        send(after_objection, headers, make_event(type="stage_changed", **told))
        answer = post(
            after_objection, "requalifications", {"priority": "elevee"}, headers
        )
        assert (answer.status_code, answer.json()["code"]) == (
            409,
            "reserved_for_people",
        )

    def test_against_a_person_it_is_not_even_proposed_until_new_facts(
        self,
        known: TestClient,
        headers: dict[str, str],
        service: Service,
        awa: dict[str, str],
    ) -> None:
        post(known, "overrides", CONTEST, awa)
        sent = {"priority": "basse"}
        answer = post(known, "requalifications", sent, headers)
        assert answer.json()["code"] == "reserved_for_people"
        assert answer.json()["proposal_id"] is None
        later(service)
        send(known, headers, make_event(id="r", type="meeting_held"))
        answer = post(known, "requalifications", sent, headers)
        assert answer.json()["proposal_id"] is not None
        assert lead(known, awa)["priority"] == "elevee"

    def test_a_person_gives_one_at_any_time(
        self, after_objection: TestClient, service: Service, awa: dict[str, str]
    ) -> None:
        sent = {"priority": "basse", "reason": "Budget gelé"}
        answer = post(after_objection, "requalifications", sent, awa)
        assert (answer.status_code, answer.json()["clause"]) == (200, "P-01")
        about = {"priority": "basse", "previous": "normale", "text": "Budget gelé"}
        assert own_events(service) == [("priority_contested", "person", about)]

    @pytest.mark.parametrize("told", [{}, {"reason": " "}])
    def test_a_person_says_why(
        self, known: TestClient, awa: dict[str, str], told: dict[str, str]
    ) -> None:
        answer = post(known, "requalifications", {"priority": "basse"} | told, awa)
        assert (answer.status_code, answer.json()["field"]) == (422, "reason")
        assert lead(known, awa)["priority"] == "normale"

    def test_one_that_a_key_may_give_by_then_waits_for_nobody(
        self,
        after_objection: TestClient,
        headers: dict[str, str],
        service: Service,
        awa: dict[str, str],
    ) -> None:
        sent = {"priority": "elevee"}
        post(after_objection, "requalifications", sent, headers)
        later(service)
        post(after_objection, "stage-moves", {"to": "contacte"}, awa)
        assert (
            post(after_objection, "requalifications", sent, headers).status_code == 200
        )
        with service.store.reading() as session:
            (proposal,) = all_proposals(session)
        assert proposal.status is ProposalStatus.EXPIRED  # no person decided


def test_an_analyst_changes_nothing(known: TestClient, service: Service) -> None:
    _, headers = make_person(service, Role.ANALYST)
    for what in ("concessions", "requalifications", "overrides", "notes"):
        assert post(known, what, {}, headers).json()["code"] == "role_missing"
