"""A lead that goes to somebody else takes its former owner's open tasks with it."""

from datetime import timedelta
from uuid import UUID

import pytest

from serving.app.scheduler import tick
from serving.audit.trace import trace_of
from serving.decisions.tasks import close_task
from serving.runtime.service import Service
from tests.serving.builders import AWA, NOW, make_event, make_person
from tests.serving.transaction.test_consequences import TASK, Governed

ZOE = "Zoé Blanc"


def owned_by(name: str, at: int, **more: str) -> dict[str, object]:
    """The CRM says, so many minutes after the first, whose the lead is."""
    told = {"owner": name, **more}
    when = (NOW - timedelta(minutes=30 - at)).isoformat()
    return make_event(id=f"own-{at}", type="attributes_set", data=told, time=when)


@pytest.fixture
def crm(service: Service) -> Governed:
    """A lead of Awa's with a task of a rule, and one that calls for a decision."""
    settings = service.settings.model_copy(update={"manager": "Paul Petit"})
    crm = Governed(service, {"then": TASK}, settings=settings)
    crm.send(owned_by(AWA.name, 0), make_event())
    path = "/v1/leads/L-1/stage-moves"
    crm.client.post(path, json={"to": "perdu"}, headers=crm.headers)
    assert owners(crm) == {"regle": AWA.name, "decision_reservee": AWA.name}
    return crm


def owners(crm: Governed) -> dict[str, str]:
    return {one["kind"]: one["owner"] for one in crm.lead["tasks"]}


def test_they_go_to_the_new_owner_and_the_audit_tells_it(crm: Governed) -> None:
    crm.send(owned_by(ZOE, 1))

    assert owners(crm) == {"regle": ZOE, "decision_reservee": ZOE}
    told = [one for one in crm.entries if one.action == "task_handed_over"]
    assert {one.subject.id for one in told} == {one["id"] for one in crm.lead["tasks"]}
    facts = trace_of(crm.service.store, "L-1", 99).events
    for one in told:
        assert one.who.name == "frein"
        assert facts[one.cause.event or 0].event_id == "own-1"
    assert len(told) == 2


def test_other_attributes_move_no_task(crm: Governed) -> None:
    crm.send(owned_by(AWA.name, 1, sector="sante"), owned_by(ZOE, -5))
    assert set(owners(crm).values()) == {AWA.name}
    assert "task_handed_over" not in {one.action for one in crm.entries}


def test_one_that_was_escalated_stays_with_the_manager(crm: Governed) -> None:
    late = NOW + timedelta(days=2)
    tick(crm.service, late)
    assert owners(crm)["regle"] == "Paul Petit"
    crm.send(owned_by(ZOE, 1))
    assert owners(crm) == {"regle": "Paul Petit", "decision_reservee": ZOE}


def test_one_that_was_closed_stays_as_it_was(crm: Governed) -> None:
    (task,) = [one for one in crm.lead["tasks"] if one["kind"] == "regle"]
    person, _ = make_person(crm.service)
    close_task(crm.service, UUID(task["id"]), person, None, NOW)
    crm.send(owned_by(ZOE, 1))
    told = [one for one in crm.entries if one.action == "task_handed_over"]
    assert len(told) == 1


def test_what_the_same_call_ends_changes_no_hands(crm: Governed) -> None:
    end = make_event(id="end", type="won", actor="person")
    crm.send(owned_by(ZOE, 1), end)
    assert owners(crm) == {}
    assert "task_handed_over" not in {one.action for one in crm.entries}


def test_of_who_left_they_come_back_from_who_stood_in(crm: Governed) -> None:
    crm.service.substitutes.by_name = {ZOE: "Léa Roux"}
    crm.send(owned_by(ZOE, 1))
    assert set(owners(crm).values()) == {"Léa Roux"}
    crm.send(owned_by(AWA.name, 2))
    assert set(owners(crm).values()) == {AWA.name}
