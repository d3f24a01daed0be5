"""A person's word on a priority settles what the score alone doubts, for a time."""

from datetime import timedelta
from typing import Any

import pytest

from explanations.score import Priority
from governance.rules.exception_cases import Cases
from serving.app.scheduler import tick
from serving.audit.trace import StatedReason
from serving.decisions.override import PriorityOverride, override_priority
from serving.decisions.proposals import dismiss
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from serving.scoring.scoring import previewed
from tests.serving.builders import AWA, NOW, make_event, make_person
from tests.serving.transaction.test_consequences import CASE, TASK, Governed

DOUBT: dict[str, Any] = {
    "kind": "aucune_raison_verifiee",
    "why": "Regardez le dossier.",
    "expected": "qualification",
    "working_days": 3,
    "again_after": "30d",
    "settled_by_decision": True,
    "when": [{"known": "doubt", "in": "aucune_raison_verifiee"}],
}
REPLIED = '{ event = { kind = "email_replied" } }'


@pytest.fixture
def crm(service: Service) -> Governed:
    """A lead with two exceptions, of its score and of a clock, and a rule."""
    make_person(service)
    cases = Cases.model_validate({"version": 1, "case": [CASE, DOUBT]})
    crm = Governed(service, {"on": REPLIED, "then": TASK}, cases=cases)
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    crm.send(make_event(), make_event(id="2", time=ahead))
    assert kinds(crm) == {"aucune_raison_verifiee", "horloge_douteuse"}
    assert narrative(crm)["expected"] == "appel"
    return crm


def kinds(crm: Governed) -> set[str]:
    return {one["kind"] for one in crm.lead["tasks"]}


def narrative(crm: Governed) -> dict[str, str]:
    told: dict[str, str] = crm.lead["score"]["narrative"]
    return told


def say(crm: Governed, priority: Priority | None) -> None:
    why = StatedReason(reason="budget", text=None)
    asked = PriorityOverride(lead_id="L-1", by=AWA, why=why, priority=priority)
    override_priority(crm.service, asked, crm.service.clock())


@pytest.mark.parametrize("priority", [None, Priority.LOW], ids=["confirm", "contest"])
def test_a_word_closes_what_asks_for_it_and_nothing_else(
    crm: Governed, priority: Priority | None
) -> None:
    say(crm, priority)

    assert kinds(crm) == {"horloge_douteuse"}
    (closed,) = [one for one in crm.entries if one.action == "task_closed"]
    by_id = {one.id: one for one in crm.entries}
    assert closed.cause.causation is not None
    word = by_id[closed.cause.causation]
    assert word.action == f"priority_{'contested' if priority else 'confirmed'}"
    assert (word.who.name, closed.who.name) == (AWA.name, "frein")
    assert closed.why == {"kind": "aucune_raison_verifiee"}


def test_it_is_not_asked_again_while_that_lasts_and_then_is(crm: Governed) -> None:
    say(crm, None)
    assert narrative(crm)["expected"] == "rien"
    assert narrative(crm)["happened"] == "par une personne"
    for days, expected in ((29, "rien"), (31, "appel")):
        at = NOW + timedelta(days=days)
        assert previewed(crm.service, "L-1", at).narrative.expected == expected
        tick(crm.service, at)
        assert narrative(crm)["expected"] == expected
        assert narrative(crm)["happened"] == "par une personne"
        assert ("aucune_raison_verifiee" in kinds(crm)) is (expected == "appel")


def test_what_the_doubt_held_back_goes_on(service: Service) -> None:
    make_person(service)
    cases = Cases.model_validate({"version": 1, "case": [DOUBT]})
    crm = Governed(service, {"on": REPLIED, "then": TASK}, cases=cases)
    crm.send(make_event())
    crm.send(make_event(id="r-1", type="email_replied"))
    assert kinds(crm) == {"aucune_raison_verifiee"}
    say(crm, None)
    crm.send(make_event(id="r-2", type="email_replied"))
    assert kinds(crm) == {"regle"}


def test_to_dismiss_what_is_proposed_is_a_word_too(service: Service) -> None:
    make_person(service)
    cases = Cases.model_validate({"version": 1, "case": [DOUBT]})
    crm = Governed(service, cases=cases)
    crm.send(make_event())
    say(crm, Priority.HIGH)
    later = NOW + timedelta(days=40)
    crm.service.clock.now = later  # type: ignore[attr-defined]  # a SetClock
    reply = make_event(id="3", type="email_replied", time=later.isoformat())
    crm.send(reply)
    assert {"aucune_raison_verifiee", "decision_reservee"} <= kinds(crm)
    with crm.service.store.reading() as session:
        (proposal,) = all_proposals(session)
    dismiss(crm.service, proposal.id, AWA, "Elle signe.", later)

    assert "aucune_raison_verifiee" not in kinds(crm)
    closed = [one for one in crm.entries if one.action == "task_closed"][-1]
    assert closed.why == {"kind": "aucune_raison_verifiee"}
    assert closed.cause.causation == proposal.id
    assert narrative(crm)["expected"] == "rien"


def test_a_company_s_cases_may_settle_nothing(service: Service) -> None:
    make_person(service)
    cases = Cases.model_validate(
        {"version": 1, "case": [DOUBT | {"settled_by_decision": False}]}
    )
    crm = Governed(service, cases=cases)
    crm.send(make_event())
    say(crm, None)
    assert kinds(crm) == {"aucune_raison_verifiee"}
    assert narrative(crm)["expected"] == "appel"
