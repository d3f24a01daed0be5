"""What follows from an event: effects with their cause, and every stop recorded."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient

from governance.people.roles import Role
from governance.rules.exception_cases import Cases
from serving.app.application import create_app
from serving.audit.trace import trace_of
from serving.database.tables import SuspensionRow
from serving.decisions.proposals import confirm, dismiss
from serving.repositories.api_keys import Scope
from serving.repositories.audit import AuditRecord, entries_about
from serving.repositories.leads import find_lead
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.governance.rule_builders import make_rules
from tests.serving.builders import (
    AWA,
    CRM_SCOPES,
    LOSS,
    NOW,
    make_event,
    make_key,
    make_person,
    send,
)

TASK = '{ create_task = { expected = "appel", working_days = 1 } }'
HIGH, LOW = '{ set_priority = "elevee" }', '{ set_priority = "basse" }'
CASE = {
    "kind": "horloge_douteuse",
    "why": "Vérifiez l’horloge.",
    "expected": "qualification",
    "working_days": 2,
    "again_after": "7d",
    "when": [{"known": "clock_ahead_hours", "at_least": 0.05}],
}


class Governed:
    """A client of a service that has these rules, and what it left."""

    def __init__(self, service: Service, *rules: dict[str, str], **more: Any) -> None:
        top = "version = 7\n" + more.pop("top", "")
        self.service = replace(service, rules=make_rules(*rules, top=top), **more)
        self.client = TestClient(create_app(self.service))
        self.headers = make_key(service, in_audit=True, scopes=frozenset(Scope))[1]

    def send(self, *events: dict[str, Any]) -> None:
        send(self.client, self.headers, *events)

    @property
    def lead(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.client.get(
            "/v1/leads/L-1", headers=self.headers
        ).json()
        return shown

    @property
    def entries(self) -> list[AuditRecord]:
        with self.service.store.reading() as session:
            lead = find_lead(session, "L-1")
            assert lead is not None
            return entries_about(session, lead.id, 500)

    def stops(self) -> list[tuple[str, Any, Any]]:
        return [
            (one.action, one.why.get("rule"), one.why["fate"])
            for one in self.entries
            if one.why.get("fate") not in {None, "fired"}
        ]


def priority_event(to: str, *, id: str, **more: Any) -> dict[str, Any]:
    fields = {"type": "attributes_set", "data": {"priority": to}, "actor": "automation"}
    return make_event(id=id, **fields | more)


def test_an_effect_stands_with_its_cause(service: Service) -> None:
    crm = Governed(service, {"then": TASK}, {"then": '{ notify = "owner" }'})
    crm.send(make_event())

    (task,) = crm.lead["tasks"]
    assert (task["kind"], task["owner"]) == ("regle", "Direction commerciale")
    assert task["why"] == "Le prospect a visité la page tarifs."
    assert crm.lead["notices"][0]["rule_id"] == "R-02"
    opened = next(one for one in crm.entries if one.action == "task_opened")
    assert (opened.who.kind, opened.who.name) == ("automation", "R-01")
    assert (opened.why["rules_version"], opened.why["model_version"]) == (7, "1")
    facts = trace_of(crm.service.store, "L-1", 9).events
    assert facts[opened.cause.event or 0].event_id == "1"
    assert opened.cause.depth == 0


def test_the_loser_is_recorded(service: Service) -> None:
    crm = Governed(service, {"then": HIGH}, {"then": LOW})
    crm.send(make_event())

    assert crm.lead["score"]["priority"] == "elevee"
    assert crm.stops() == [("rule_stopped", "R-02", "lost")]
    listed = crm.client.get("/v1/leads", headers=crm.headers).json()["leads"]
    assert listed[0]["priority"] == "elevee"


def test_a_rules_priority_stands_while_the_score_keeps_its_band(
    service: Service,
) -> None:
    crm = Governed(service, {"then": HIGH})
    crm.send(make_event())
    crm.send(make_event(id="2", type="email_replied"))
    assert crm.lead["score"]["priority"] == "elevee"


def test_a_source_that_is_not_allowed_is_recorded(service: Service) -> None:
    crm = Governed(service, {"then": TASK, "sources": '["site"]'})
    crm.send(make_event())
    assert crm.lead["tasks"] == []
    assert crm.stops() == [("rule_stopped", "R-01", "source_not_allowed")]


def test_an_own_write_that_comes_back_starts_nothing(service: Service) -> None:
    on = '{ event = { kind = "attributes_set" } }'
    crm = Governed(service, {"then": HIGH}, {"on": on, "then": TASK})
    crm.send(make_event())
    crm.send(priority_event("elevee", id="2"))

    assert crm.lead["tasks"] == []
    assert crm.stops() == [("echo_seen", None, "echo")]
    crm.send(priority_event("elevee", id="3", actor="person"))  # news, not an echo
    assert len(crm.lead["tasks"]) == 1


def test_a_chain_that_is_too_deep_calls_a_person(service: Service) -> None:
    there = '{ event = { kind = "priority_set", where = { to = "elevee" } } }'
    back = '{ event = { kind = "priority_set", where = { to = "basse" } } }'
    crm = Governed(
        service,
        {"then": HIGH},
        {"on": there, "then": LOW},
        {"on": back, "then": HIGH},
    )
    crm.send(make_event())

    assert crm.stops() == [("rule_stopped", "R-02", "too_deep")]
    (task,) = crm.lead["tasks"]
    assert (task["kind"], task["expected"]) == ("enchainement_trop_long", "arbitrage")
    depths = [one.cause.depth for one in crm.entries if one.why.get("rule")]
    assert depths == [0, 1, 2, 3]


def test_automatic_writes_are_limited(service: Service) -> None:
    crm = Governed(
        service,
        {"then": '{ notify = "owner" }'},
        top="most_writes_per_hour = 3",
    )
    for n in range(4):
        crm.send(make_event(id=str(n)))
    assert len(crm.lead["notices"]) == 2  # the first priority was a write as well
    assert crm.stops() == [("rule_stopped", "R-01", "too_many")] * 2


def test_an_exception_calls_one_person_once_and_holds_automation(
    service: Service,
) -> None:
    cases = Cases.model_validate({"version": 1, "case": [CASE]})
    crm = Governed(service, {"then": TASK}, cases=cases)
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    crm.send(make_event(type="email_replied", time=ahead))
    crm.send(make_event(id="2", type="email_replied", time=ahead))
    crm.send(make_event(id="3"))

    (task,) = crm.lead["tasks"]
    assert (task["kind"], task["owner"]) == (
        "horloge_douteuse",
        "Direction commerciale",
    )
    assert (task["due_on"], task["why"]) == ("2026-11-26", "Vérifiez l’horloge.")
    assert crm.stops() == [("rule_stopped", "R-01", "held")]

    path = f"/v1/tasks/{task['id']}/close"
    assert crm.client.post(path, json={}, headers=crm.headers).status_code == 403
    _, awa = make_person(service, Role.ADMIN)
    statuses = [crm.client.post(path, json={}, headers=awa).status_code for _ in "12"]
    assert statuses == [204, 409]
    crm.send(make_event(id="4"))
    assert [one["kind"] for one in crm.lead["tasks"]] == ["regle"]
    shown = crm.client.get("/v1/rules", headers=crm.headers).json()
    assert (shown["version"], shown["rules"][0]["id"]) == (7, "R-01")


@pytest.mark.parametrize(
    ("settled", "kinds"), [(True, []), (False, ["aucune_raison_verifiee"])]
)
def test_who_decides_on_a_lead_is_not_called_to_it_by_their_own_act(
    service: Service, *, settled: bool, kinds: list[str]
) -> None:
    doubt = {
        "kind": "aucune_raison_verifiee",
        "again_after": "30d",
        "settled_by_decision": settled,
        "when": [{"known": "doubt", "in": "aucune_raison_verifiee"}],
    }
    cases = Cases.model_validate({"version": 1, "case": [CASE | doubt]})
    crm = Governed(service, {"then": HIGH}, cases=cases)
    crm.send(make_event(receivedat=(NOW - timedelta(minutes=5)).isoformat()))
    assert crm.lead["tasks"] == []  # what is backfilled calls nobody
    _, awa = make_person(service, Role.ADMIN)
    for path, said in (
        ("overrides", {"kind": "priority_confirmed", "reason": "accord"}),
        ("notes", {"tone": 1}),
    ):
        said_of = f"/v1/leads/L-1/{path}"
        assert crm.client.post(said_of, json=said, headers=awa).status_code == 201
    crm.send(make_event(id="2"))
    assert [one["kind"] for one in crm.lead["tasks"]] == kinds


def test_a_priority_that_was_kept_follows_once_the_task_is_closed(
    service: Service,
) -> None:
    cases = Cases.model_validate({"version": 1, "case": [CASE]})
    crm = Governed(
        service, {"on": '{ event = { kind = "unsubscribed" } }'}, cases=cases
    )
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    crm.send(make_event(type="email_replied", time=ahead))
    for hundred in "ab":
        crm.send(*(make_event(id=f"{hundred}{n}") for n in range(100)))
    assert crm.lead["priority"] == "normale"
    (task,) = crm.lead["tasks"]
    _, awa = make_person(service, Role.ADMIN)
    crm.client.post(f"/v1/tasks/{task['id']}/close", json={}, headers=awa)
    assert crm.lead["priority"] == "elevee"
    assert crm.lead["tasks"] == []


def test_a_suspension_holds_automation(service: Service) -> None:
    crm = Governed(service, {"then": TASK})
    crm.send(make_event(type="email_replied"))
    with service.store.writing() as session:
        lead = find_lead(session, "L-1")
        assert lead is not None
        values = {"reason": "congés", "begun_by": AWA.name, "begun_at": NOW}
        until = NOW + timedelta(days=1)
        session.execute(
            insert(SuspensionRow).values(
                id=uuid4(), lead_id=lead.id, until=until, **values
            )
        )
    crm.send(make_event(id="2"))
    assert crm.stops() == [("rule_stopped", "R-01", "lead_suspended")]
    assert crm.lead["tasks"] == []


class TestRequalifying:
    """After a complex exchange another priority is proposed, not made."""

    @pytest.fixture
    def crm(self, service: Service) -> Governed:
        crm = Governed(service, {"then": HIGH})
        crm.send(
            make_event(type="note_added", actor="person", data={"objections": ["prix"]})
        )
        crm.send(make_event(id="2"))
        return crm

    def test_it_waits_for_a_person(self, crm: Governed) -> None:
        assert crm.lead["score"]["priority"] == "normale"
        (proposal,) = crm.lead["proposals"]
        assert (proposal["to_priority"], proposal["asked_by"]) == ("elevee", "R-01")
        assert crm.lead["tasks"][0]["kind"] == "decision_reservee"
        crm.send(make_event(id="3"))
        assert len(crm.lead["proposals"]) == 1

    @pytest.mark.parametrize(
        ("is_confirmed", "priority"), [(True, "elevee"), (False, "normale")]
    )
    def test_a_person_decides(
        self, crm: Governed, is_confirmed: bool, priority: str
    ) -> None:
        with crm.service.store.reading() as session:
            (proposal,) = all_proposals(session)
        if is_confirmed:
            make_person(crm.service)
            confirm(crm.service, proposal.id, AWA, LOSS, NOW)
        else:
            dismiss(crm.service, proposal.id, AWA, "trop tôt", NOW)
        assert crm.lead["score"]["priority"] == priority
        assert crm.lead["proposals"] == crm.lead["tasks"] == []


def test_what_is_backfilled_sets_nothing_off(service: Service) -> None:
    crm = Governed(service, {"then": TASK})
    crm.headers = make_key(service, scopes=CRM_SCOPES | {Scope.BACKFILL})[1]
    crm.send(make_event(receivedat="2026-11-24T08:30:00Z"))
    assert crm.lead["tasks"] == []
    assert crm.stops() == []


def test_prometheus_reads_what_was_done(service: Service) -> None:
    crm = Governed(service, {"then": HIGH}, {"then": LOW})
    crm.send(make_event())
    _, prometheus = make_key(service, scopes=frozenset({Scope.METRICS}))
    told = crm.client.get("/metrics", headers=prometheus).text
    assert "frein_events_total 1.0" in told
    assert 'frein_rule_outcomes_total{fate="lost"} 1.0' in told
    assert 'route="/v1/events",status="200"} 1.0' in told
    assert "frein_audit_whole 1.0" in told
    assert "L-1" not in told
