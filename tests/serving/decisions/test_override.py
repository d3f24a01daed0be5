"""What a person contests, confirms, adjusts or suspends is so at once, and stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from features.catalogue import read_catalogue, shipped_catalogue
from features.featurise import featurise, moments_frame
from features.log import read_log
from governance.people.disagreement import By
from governance.people.overrides import OWN_SOURCE
from governance.people.roles import Role
from governance.policy.pipeline import read_pipeline
from governance.rules.ruleset import RULES_FILE, read_rules
from serving.app.application import create_app
from serving.audit.trace import StatedReason
from serving.automation.override_report import disagreement
from serving.automation.suspension import Suspension, suspend_lead, suspend_rule
from serving.errors import SuspendedAlreadyError
from serving.events.export_log import export_log
from serving.repositories.events import stored_events
from serving.repositories.leads import find_lead
from serving.repositories.suspensions import suspended_rules
from serving.runtime.service import Service
from tests.serving.builders import AWA, NOW, make_event, make_person, send
from tests.serving.decisions.test_people_decide import entries, known
from tests.serving.decisions.test_statement import awa, own_events, post

__all__ = ["awa", "known"]  # fixtures

Suspends = Callable[[Service, str, Suspension, datetime], None]
SHIPPED = read_rules(RULES_FILE, read_pipeline())
CONTEST = {
    "kind": "priority_contested",
    "priority": "elevee",
    "reason": "information_absente",
    "text": "Jeanne signe demain.",
}
CONFIRM = {"kind": "priority_confirmed", "reason": "accord"}
SUSPEND = {"reason": "calendrier"}


def lead(client: TestClient, headers: dict[str, str]) -> Any:
    """The line of L-1 in the list."""
    (line,) = client.get("/v1/leads", headers=headers).json()["leads"]
    return line


def with_rules(service: Service) -> TestClient:
    """A client of the service on the rules that ship."""
    return TestClient(create_app(replace(service, rules=SHIPPED)))


def a_storm(client: TestClient, headers: dict[str, str], first: int = 0) -> None:
    """Events enough for the fake model to call L-1 a high priority."""
    for start in (first, first + 90):
        events = [make_event(id=f"s-{n}") for n in range(start, start + 90)]
        send(client, headers, *events)


class TestPriorities:
    def test_contested_it_is_so_at_once(
        self, known: TestClient, service: Service, awa: dict[str, str]
    ) -> None:
        answer = post(known, "overrides", CONTEST, awa)

        assert answer.status_code == 201, answer.text
        assert lead(known, awa)["priority"] == "elevee"
        about = {"priority": "elevee", "previous": "normale"}
        why = {"reason": CONTEST["reason"], "text": CONTEST["text"]}
        assert own_events(service) == [("priority_contested", "person", about | why)]
        said, made = entries(service)[-2:]
        assert (said.action, said.who.name) == ("priority_contested", "Awa Diallo")
        assert said.why["event"] == answer.json()["event_id"]
        assert (made.action, made.after) == ("priority_changed", {"priority": "elevee"})
        assert made.cause.causation == said.id
        assert "Jeanne" not in str(entries(service))

    def test_it_stays_until_new_facts_and_then_another_is_proposed(
        self,
        known: TestClient,
        service: Service,
        awa: dict[str, str],
        headers: dict[str, str],
    ) -> None:
        post(known, "overrides", CONTEST, awa)
        later(service)
        send(known, headers, make_event(id="2"))
        known.post("/v1/leads/L-1/score", headers=headers)
        seen = known.get("/v1/leads/L-1", headers=awa).json()
        assert (lead(known, awa)["priority"], seen["proposals"]) == ("elevee", [])

        send(known, headers, make_event(id="3", type="email_replied"))
        seen = known.get("/v1/leads/L-1", headers=awa).json()
        (proposal,) = seen["proposals"]
        assert (proposal["clause"], proposal["to_priority"]) == ("P-10", "normale")
        assert lead(known, awa)["priority"] == "elevee"
        later(service)
        again = post(known, "overrides", CONFIRM, awa)
        assert again.status_code == 201, again.text
        assert known.get("/v1/leads/L-1", headers=awa).json()["proposals"] == []
        assert lead(known, awa)["priority"] == "elevee"

    def test_what_is_proposed_is_agreed_by_contesting_with_it(
        self, known: TestClient, awa: dict[str, str], headers: dict[str, str]
    ) -> None:
        post(known, "overrides", CONTEST, awa)
        reply = make_event(id="3", type="email_replied")
        later(known.app.state.service)  # type: ignore[attr-defined]  # FastAPI's
        send(known, headers, reply)
        post(known, "overrides", CONTEST | {"priority": "normale"}, awa)
        assert known.get("/v1/leads/L-1", headers=awa).json()["proposals"] == []
        assert lead(known, awa)["priority"] == "normale"

    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            (CONTEST | {"priority": "normale"}, 409, "priority_already_held"),
            (CONTEST | {"reason": "parce_que"}, 422, "request_invalid"),
            ({**CONFIRM, "reason": "autre"}, 422, "request_invalid"),
            ({"kind": "priority_confirmed"}, 422, "request_invalid"),
            (CONTEST | {"kind": "won"}, 422, "request_invalid"),
            (CONFIRM | {"by": "Zoé Blanc"}, 422, "request_invalid"),
        ],
    )
    def test_an_odd_override_is_refused(
        self,
        known: TestClient,
        service: Service,
        awa: dict[str, str],
        sent: dict[str, str],
        status: int,
        code: str,
    ) -> None:
        answer = post(known, "overrides", sent, awa)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert own_events(service) == []


def test_an_adjusted_status_is_a_signed_move(
    known: TestClient, service: Service, awa: dict[str, str]
) -> None:
    why = {"reason": "budget", "text": "Gelé", "lost_reason": "budget"}
    sent = {"kind": "status_adjusted", "stage": "perdu", **why}
    assert post(known, "overrides", sent, awa).status_code == 201
    assert [kind for kind, _, _ in own_events(service)] == [
        "stage_changed",
        "status_adjusted",
    ]
    assert known.get("/v1/leads/L-1", headers=awa).json()["stage"] == "perdu"


@pytest.mark.parametrize(
    ("to", "at"),
    [
        ("contacte", NOW - timedelta(days=10) + timedelta(microseconds=1)),
        ("perdu", NOW),  # nobody knows of an earlier end
    ],
)
def test_a_stage_that_is_put_right_is_not_come_to_now(
    known: TestClient,
    service: Service,
    awa: dict[str, str],
    headers: dict[str, str],
    to: str,
    at: datetime,
) -> None:
    def seen_in_the_crm(name: str, days: int) -> None:
        moved = make_event(
            id=name,
            type="stage_changed",
            actor="person",
            data={"to": "proposition"},
            time=(NOW - timedelta(days=days)).isoformat(),
        )
        send(known, headers, moved)

    seen_in_the_crm("moved", 10)
    why = {"reason": "donnee_erronee", "text": "Vu hier", "lost_reason": "prix"}
    sent = {"kind": "status_adjusted", "stage": to, **why}
    assert post(known, "overrides", sent, awa).status_code == 201

    with service.store.reading() as session:
        found = find_lead(session, "L-1")
        assert found is not None
        events = stored_events(session, [found.id])
    put_right = next(one for one in events if one.source == OWN_SOURCE)
    assert (put_right.kind, put_right.occurred_at) == ("stage_changed", at)
    assert (put_right.received_at, found.stage_at) == (NOW, NOW)
    seen_in_the_crm("told late", 5)  # what a person said here stands
    assert known.get("/v1/leads/L-1", headers=awa).json()["stage"] == to


class TestSuspensions:
    def test_of_a_lead_it_stops_automation_until_it_is_ended(
        self,
        known: TestClient,
        service: Service,
        awa: dict[str, str],
        headers: dict[str, str],
    ) -> None:
        assert post(known, "suspensions", SUSPEND, awa).status_code == 201
        a_storm(known, headers)
        assert lead(known, awa)["priority"] == "normale"
        gone = known.delete("/v1/leads/L-1/suspensions", headers=awa)
        assert gone.status_code == 204
        assert known.delete("/v1/leads/L-1/suspensions", headers=awa).json()[
            "code"
        ] == ("suspension_unknown")
        send(known, headers, make_event(id="after"))
        assert lead(known, awa)["priority"] == "elevee"
        kinds = [kind for kind, _, _ in own_events(service)]
        assert kinds[:2] == ["automation_suspended", "automation_resumed"]

    def test_of_a_lead_it_ends_by_itself(
        self,
        known: TestClient,
        service: Service,
        awa: dict[str, str],
        headers: dict[str, str],
    ) -> None:
        until = (NOW + timedelta(hours=1)).isoformat()
        past = SUSPEND | {"until": NOW.isoformat()}
        assert post(known, "suspensions", past, awa).status_code == 422
        sent = SUSPEND | {"until": until}
        assert post(known, "suspensions", sent, awa).status_code == 201
        a_storm(known, headers)
        assert lead(known, awa)["priority"] == "normale"
        later(service)
        send(known, headers, make_event(id="after"))
        assert lead(known, awa)["priority"] == "elevee"

    def test_of_a_lead_it_is_read_with_who_and_why(
        self, known: TestClient, service: Service, awa: dict[str, str]
    ) -> None:
        def told() -> list[dict[str, Any]]:
            read = known.get("/v1/leads/L-1", headers=awa).json()["suspensions"]
            return [{**one, "id": None} for one in read]

        until = (NOW + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
        post(known, "suspensions", SUSPEND | {"text": "Salon.", "until": until}, awa)
        first = {
            "id": None,
            "by": "Awa Diallo",
            "since": NOW.isoformat().replace("+00:00", "Z"),
            "until": until,
            "reason": "calendrier",
            "words": "Salon.",
        }
        assert told() == [first]
        later(service)
        assert told() == []
        since = service.clock().isoformat().replace("+00:00", "Z")
        post(known, "suspensions", SUSPEND, awa)
        assert told() == [{**first, "since": since, "until": None, "words": None}]

    def test_of_a_lead_there_is_one_and_another_date_is_another(
        self, known: TestClient, service: Service, awa: dict[str, str]
    ) -> None:
        until = NOW + timedelta(days=6, hours=14)
        sent = SUSPEND | {"until": until.isoformat()}
        assert post(known, "suspensions", sent, awa).status_code == 201
        again = post(known, "suspensions", SUSPEND, awa)
        assert (again.status_code, again.json()["code"]) == (409, "suspended_already")
        assert again.json()["detail"] == (
            "C’est déjà suspendu par Awa Diallo, jusqu’à la fin du 30/11/2026. Rien "
            "n’a été enregistré\xa0; pour une autre date, rétablissez, puis suspendez "
            "à nouveau."
        )
        assert [kind for kind, _, _ in own_events(service)] == ["automation_suspended"]
        assert known.delete("/v1/leads/L-1/suspensions", headers=awa).is_success
        assert post(known, "suspensions", SUSPEND, awa).status_code == 201
        (holds,) = known.get("/v1/leads/L-1", headers=awa).json()["suspensions"]
        assert holds["until"] is None

    @pytest.mark.parametrize(
        ("suspend", "name"), [(suspend_lead, "L-1"), (suspend_rule, "R-01")]
    )
    def test_of_several_at_once_one_holds(
        self, known: TestClient, service: Service, suspend: Suspends, name: str
    ) -> None:
        make_person(service)
        ruled = replace(service, rules=SHIPPED)

        def holds(_: int) -> bool:
            why = StatedReason(reason="calendrier", text=None)
            asked = Suspension(id=uuid4(), by=AWA, why=why, until=None)
            with suppress(SuspendedAlreadyError):
                suspend(ruled, name, asked, NOW)
                return True
            return False

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(holds, range(4))) == 1

    def test_of_a_rule_it_is_for_every_lead(self, service: Service) -> None:
        client = with_rules(service)
        _, manager = make_person(service, Role.MANAGER)
        rule = SHIPPED.rule[0].id
        sent = SUSPEND | {"text": "Trop d’appels."}
        path = f"/v1/rules/{rule}/suspensions"
        assert client.post(path, json=sent, headers=manager).status_code == 201
        with service.store.reading() as session:
            assert suspended_rules(session, NOW) == {rule}
        (read, *others) = client.get("/v1/rules", headers=manager).json()["rules"]
        assert not [one for one in others if one["suspensions"]]
        again = client.post(path, json=sent, headers=manager)
        assert (again.status_code, again.json()["code"]) == (409, "suspended_already")
        assert "jusqu’à ce qu’une personne y mette fin" in again.json()["detail"]
        (told,) = read["suspensions"]
        assert (read["id"], read["suspended"]) == (rule, True)
        assert (told["by"], told["words"]) == ("Awa Diallo", "Trop d’appels.")
        assert client.delete(path, headers=manager).status_code == 204
        with service.store.reading() as session:
            assert suspended_rules(session, NOW) == frozenset()
        unknown = client.post("/v1/rules/R-99/suspensions", json=sent, headers=manager)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "rule_unknown")


def test_an_override_reaches_the_next_model_as_signals(
    known: TestClient, service: Service, awa: dict[str, str], tmp_path: Path
) -> None:
    post(known, "overrides", CONTEST, awa)
    later(service)
    post(known, "overrides", CONFIRM, awa)

    export_log(service.store, service.pipeline, service.clock(), tmp_path / "log")
    catalogue = read_catalogue(shipped_catalogue("b2b"))
    moments = moments_frame([("L-1", NOW), ("L-1", service.clock())])
    rows = featurise(read_log(tmp_path / "log").events, moments, catalogue)
    told = rows.select(
        "priorities_contested", "priorities_confirmed", "judged_priority"
    )
    assert told.rows() == [(1, 0, "elevee"), (1, 1, "elevee")]


def test_the_report_says_where_people_disagree_and_never_who(
    known: TestClient, service: Service, awa: dict[str, str], headers: dict[str, str]
) -> None:
    sector = make_event(id="a", type="attributes_set", data={"sector": "btp"})
    send(known, headers, sector)
    post(known, "overrides", CONTEST, awa)
    post(known, "overrides", CONFIRM, awa)
    _, manager = make_person(service, Role.ADMIN, name="Zoé Blanc", login="zoe")
    rule = SHIPPED.rule[0].id
    with_rules(service).post(
        f"/v1/rules/{rule}/suspensions", json=SUSPEND, headers=manager
    )

    found = disagreement(service.store, "sector")
    assert [(one.by, one.name, one.contested, one.judged) for one in found] == [
        (By.IDEA, "rythme", 1, 1),
        (By.SEGMENT, "btp", 1, 2),
    ]
    assert "Diallo" not in str(found)
    assert disagreement(service.store, "sector", NOW + timedelta(days=1)) == []


def later(service: Service) -> None:
    """Two hours pass."""
    service.clock.advance(timedelta(hours=2))  # type: ignore[attr-defined]  # a SetClock
