"""A lead that comes to its end takes with it what waited for a person there."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from governance.people.overrides import OWN_SOURCE
from governance.people.roles import Role
from governance.rules.exception_cases import Cases
from serving.app.scheduler import tick
from serving.audit.trace import StatedReason
from serving.decisions.override import StatusAdjustment, adjust_status
from serving.decisions.proposals import confirm
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.repositories.audit import AuditRecord
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.serving.builders import AWA, LOSS, NOW, make_event, make_person
from tests.serving.transaction.test_consequences import CASE, TASK, Governed

Ends = Callable[[Governed], None]


def waiting(service: Service) -> Governed:
    """A lead with tasks of a rule and of an exception, and a proposal with its own."""
    cases = Cases.model_validate({"version": 1, "case": [CASE]})
    crm = Governed(service, {"then": TASK}, cases=cases)
    make_person(service, Role.ADMIN)
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    crm.send(make_event())
    crm.send(make_event(id="2", time=ahead))
    ask(crm, "negociation_finale")
    kinds = {one["kind"] for one in crm.lead["tasks"]}
    assert kinds == {"regle", "horloge_douteuse", "decision_reservee"}
    return crm


def ask(crm: Governed, to: str) -> UUID:
    """Ask for a reserved move by a key; returns the proposal that it leaves."""
    path = "/v1/leads/L-1/stage-moves"
    answer = crm.client.post(path, json={"to": to}, headers=crm.headers)
    assert answer.status_code == 409
    return UUID(answer.json()["proposal_id"])


def moved(crm: Governed) -> None:
    asked = MoveRequest(
        lead_id="L-1", to="perdu", reason="Trop cher", lost_reason="prix", by=AWA
    )
    move_stage(crm.service, asked, NOW)


def adjusted(crm: Governed) -> None:
    why = StatedReason(reason="donnee_erronee", text=None)
    asked = StatusAdjustment(lead_id="L-1", by=AWA, why=why, to="gagne")
    adjust_status(crm.service, asked, NOW)


def confirmed(crm: Governed) -> None:
    confirm(crm.service, ask(crm, "perdu"), AWA, LOSS, NOW)


def seen_in_the_crm(crm: Governed) -> None:
    crm.send(make_event(id="end", type="won", actor="person"))


def cause_of(entry: AuditRecord, entries: list[AuditRecord]) -> str:
    """The action that an entry follows from, or the one before if that is the end of a
    proposal."""
    by_id = {one.id: one for one in entries}
    cause = by_id[entry.cause.causation] if entry.cause.causation else entry
    if cause.action == "proposal_closed" and cause.cause.causation:
        return by_id[cause.cause.causation].action
    return cause.action


@pytest.mark.parametrize(
    ("ends", "cause"),
    [
        (moved, "stage_moved"),
        (adjusted, "stage_moved"),
        (confirmed, "stage_moved"),
        (seen_in_the_crm, "stage_observed"),
    ],
)
def test_what_waited_ends_by_the_same_decision(
    service: Service, ends: Ends, cause: str
) -> None:
    crm = waiting(service)
    ends(crm)

    assert crm.lead["tasks"] == crm.lead["proposals"] == []
    with service.store.reading() as session:
        fates = {one.to_stage: one.status.value for one in all_proposals(session)}
    assert fates.pop("negociation_finale") == "expired"
    assert set(fates.values()) <= {"confirmed"}
    entries = crm.entries
    closed = [one for one in entries if one.action == "task_closed"]
    assert {one.why["kind"] for one in closed} == {
        "regle",
        "horloge_douteuse",
        "decision_reservee",
    }
    assert {cause_of(one, entries) for one in closed} == {cause}
    assert {one.who.name for one in closed} == {OWN_SOURCE}


@pytest.mark.parametrize("actor", ["automation", "person"])
def test_a_loss_by_nobody_known_ends_nothing_and_calls_a_person(
    service: Service, actor: str
) -> None:
    crm = waiting(service)
    crm.send(make_event(id="end", type="lost", actor=actor))
    assert sorted(one["kind"] for one in crm.lead["tasks"]) == [
        "decision_reservee",
        "etape_reservee_observee",
        "horloge_douteuse",
        "regle",
    ]
    assert len(crm.lead["proposals"]) == 1


def test_a_step_that_ends_nothing_closes_nothing(service: Service) -> None:
    crm = waiting(service)
    asked = MoveRequest(lead_id="L-1", to="qualifie", reason=None, by=AWA)
    move_stage(crm.service, asked, NOW)
    assert len(crm.lead["tasks"]) == 3


@pytest.mark.parametrize("kind", ["won", "lost"])
def test_an_end_doesnt_move_the_score(service: Service, kind: str) -> None:
    crm = Governed(service)
    crm.send(make_event(), make_event(id="2"))
    before = crm.lead["score"]["score"]
    events = [make_event(), make_event(id="2"), make_event(id="3", type=kind)]
    crm.send(events[2])
    assert crm.lead["score"]["score"] == before
    sent = {"moment": NOW.isoformat(), "leads": [{"lead_id": "L-1", "events": events}]}
    told = crm.client.post("/v1/scores", json=sent, headers=crm.headers).json()
    assert told["scores"][0]["score"] == before
    crm.send(make_event(id="4"))
    assert crm.lead["score"]["score"] > before


@pytest.mark.parametrize("to", ["gagne", "perdu"])
def test_automation_opens_nothing_on_a_lead_that_ended(
    service: Service, to: str
) -> None:
    crm = waiting(service)
    asked = MoveRequest(
        lead_id="L-1", to=to, reason="Trop cher", lost_reason="prix", by=AWA
    )
    move_stage(crm.service, asked, NOW)
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    crm.send(make_event(id="after", time=ahead))
    crm.send(*(make_event(id=f"many-{n}") for n in range(100)))
    tick(crm.service, NOW + timedelta(days=40))
    assert crm.lead["tasks"] == crm.lead["proposals"] == crm.lead["notices"] == []
