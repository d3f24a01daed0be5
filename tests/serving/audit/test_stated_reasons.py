"""What people say of their acts is read with the audit, which itself has none of it."""

from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from serving.runtime.service import Service
from tests.serving.builders import make_event, send
from tests.serving.decisions.test_brake import ask
from tests.serving.decisions.test_people_decide import known
from tests.serving.decisions.test_statement import NOTE, awa, post

__all__ = ["awa", "known"]  # fixtures

Told = list[tuple[str, dict[str, str | None]]]


def told(client: TestClient, headers: dict[str, str]) -> Told:
    """The entries that come with words, by what was done."""
    answer = client.get("/v1/audit", params={"lead_id": "L-1"}, headers=headers)
    entries = answer.json()["entries"]
    return [(one["action"], one["words"]) for one in entries if one["words"]]


def own(said: str) -> dict[str, str | None]:
    return {"reason": None, "text": said}


WHY: dict[str, str | None] = {"reason": "budget", "text": "Gelé jusqu’en mars."}


@pytest.mark.parametrize(
    ("call", "sent", "expected"),
    [
        ("notes", NOTE, ("note_added", own("Jeanne hésite."))),
        (
            "overrides",
            {"kind": "priority_contested", "priority": "basse"} | WHY,
            ("priority_contested", WHY),
        ),
        (
            "overrides",
            {"kind": "priority_confirmed", "reason": "accord"},
            ("priority_confirmed", {"reason": "accord", "text": None}),
        ),
        (
            "overrides",
            {"kind": "status_adjusted", "stage": "qualifie"} | WHY,
            ("status_adjusted", WHY),
        ),
        ("suspensions", WHY, ("automation_suspended", WHY)),
        (
            "stage-moves",
            {"to": "perdu", "reason": "Plus de budget.", "lost_reason": "budget"},
            ("stage_moved", {"reason": "budget", "text": "Plus de budget."}),
        ),
        (
            "concessions",
            {"percent": 5, "reason": "Premier contrat."},
            ("concession_granted", own("Premier contrat.")),
        ),
    ],
)
def test_words_come_with_what_they_are_about(
    known: TestClient,
    service: Service,
    awa: dict[str, str],
    call: str,
    sent: dict[str, Any],
    expected: tuple[str, dict[str, str | None]],
) -> None:
    assert post(known, call, sent, awa).is_success
    assert told(known, awa) == [expected]
    with service.store.reading() as session:
        rows = session.execute(text("SELECT * FROM audit")).all()
    for said in filter(None, [expected[1]["text"]]):
        assert said not in str(rows)


@pytest.mark.parametrize("done", ["confirm", "dismiss"])
def test_both_sides_of_a_proposal_are_told(
    known: TestClient, headers: dict[str, str], awa: dict[str, str], done: str
) -> None:
    asked = ask(known, headers, "perdu", reason="Sans nouvelles.")
    decide = f"/v1/proposals/{asked.json()['proposal_id']}/{done}"
    lost = {"lost_reason": "prix"} if done == "confirm" else {}
    said = {"reason": "Vu avec elle.", **lost}
    assert known.post(decide, json=said, headers=awa).is_success
    action = "stage_moved" if done == "confirm" else "proposal_closed"
    assert told(known, awa) == [
        ("proposal_opened", own("Sans nouvelles.")),
        (action, {"reason": lost.get("lost_reason"), "text": "Vu avec elle."}),
    ]


def test_words_that_a_task_is_closed_with_are_told(
    known: TestClient, headers: dict[str, str], awa: dict[str, str]
) -> None:
    moved = make_event(
        id="m-1", type="stage_changed", actor="automation", data={"to": "perdu"}
    )
    send(known, headers, moved)
    (task,) = known.get("/v1/tasks", headers=awa).json()["tasks"]
    closed = known.post(
        f"/v1/tasks/{task['id']}/close", json={"reason": "Rappelé."}, headers=awa
    )
    assert closed.is_success, closed.text
    assert told(known, awa) == [("task_closed", own("Rappelé."))]
