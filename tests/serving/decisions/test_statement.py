"""What people say of a lead: notes; each an event of ours, and an audit row."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from features.errors import LogError
from features.log import read_log
from governance.people.roles import Role
from serving.events.export_log import export_log
from serving.repositories.events import stored_events
from serving.repositories.leads import find_lead
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_person, send
from tests.serving.decisions.test_people_decide import entries, known

__all__ = ["known"]  # a fixture

NOTE = {"tone": -1, "objections": ["prix", "delai"], "text": "Jeanne hésite."}


@pytest.fixture
def awa(service: Service) -> dict[str, str]:
    """The headers of Awa Diallo, whose lead L-1 is."""
    return make_person(service, Role.SALES)[1]


@pytest.fixture
def boss(service: Service) -> dict[str, str]:
    """The headers of somebody whose role has no limit."""
    return make_person(service, Role.ADMIN)[1]


def post(client: TestClient, what: str, sent: Any, headers: dict[str, str]) -> Any:
    return client.post(f"/v1/leads/L-1/{what}", json=sent, headers=headers)


def own_events(service: Service) -> list[tuple[str, str, dict[str, Any]]]:
    """The kind, the actor and the data of our own events, the oldest first."""
    own = "SELECT kind, actor, data FROM event WHERE source = 'frein' ORDER BY id"
    with service.store.reading() as session:
        rows = session.execute(text(own)).all()
    return [(kind, actor, orjson.loads(data)) for kind, actor, data in rows]


def test_a_note_is_an_event_and_an_audit_row_without_its_text(
    known: TestClient, service: Service, awa: dict[str, str]
) -> None:
    answer = post(known, "notes", NOTE, awa)
    assert (answer.status_code, answer.json()["kind"]) == (201, "note_added")
    assert own_events(service) == [("note_added", "person", NOTE)]
    (noted,) = [one for one in entries(service) if one.action == "note_added"]
    assert noted.why == {"event": answer.json()["event_id"]}
    assert noted.who.name == "Awa Diallo"


@pytest.mark.parametrize(
    ("ago", "counts"),
    [
        (timedelta(hours=5), True),
        (timedelta(0), True),
        (timedelta(days=29), True),
        (timedelta(days=30), False),
        (timedelta(days=20_000), False),
        (timedelta(minutes=-10), False),  # the device's clock is ahead
    ],
)
def test_a_note_is_of_when_it_was_taken(
    known: TestClient,
    service: Service,
    awa: dict[str, str],
    ago: timedelta,
    counts: bool,
) -> None:
    taken = NOTE | {"taken_at": (NOW - ago).isoformat()}
    assert post(known, "notes", taken, awa).status_code == 201
    with service.store.reading() as session:
        lead = find_lead(session, "L-1")
        assert lead is not None
        *_, noted = stored_events(session, [lead.id])
    assert noted.kind == "note_added"
    assert noted.data == NOTE
    assert noted.occurred_at == (NOW - ago if counts else NOW)
    assert noted.received_at == NOW


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"taken_at": NOW.isoformat()},
        {"tone": 0, "taken_at": "hier"},
        {"tone": 3},
        {"tone": 0.5},
        {"objections": ["meteo"]},
        {"text": ""},
        {"text": " \n\u00a0"},
        {"text": "a\0"},
        {"by": "Zoé"},
    ],
)
def test_an_odd_note_is_refused(
    known: TestClient, awa: dict[str, str], sent: dict[str, Any]
) -> None:
    answer = post(known, "notes", sent, awa)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


def test_the_choices_are_those_of_the_file(
    known: TestClient, awa: dict[str, str]
) -> None:
    shown = known.get("/v1/choices", headers=awa).json()
    assert [one["value"] for one in shown["tone"]] == [-2, -1, 0, 1, 2]
    assert {"name": "prix", "title": "prix"} in shown["objection"]
    assert shown["reason"][-1]["needs_text"] is True


def test_the_log_is_exported_as_it_was_known(
    known: TestClient,
    headers: dict[str, str],
    service: Service,
    awa: dict[str, str],
    tmp_path: Path,
) -> None:
    post(known, "notes", NOTE, awa)
    moved = {"to": "perdu", "reason": "Budget gelé", "lost_reason": "budget"}
    post(known, "stage-moves", moved, awa)
    service.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # a SetClock
    send(known, headers, make_event(id="later"))

    there = service.store, service.pipeline
    assert export_log(*there, NOW, tmp_path / "log") == 4
    log = read_log(tmp_path / "log")
    assert log.events["kind"].to_list() == [
        "attributes_set",
        "note_added",
        "stage_changed",
        "lost",
    ]
    assert log.events["received_at"].max() == NOW
    assert (
        export_log(service.store, service.pipeline, service.clock(), tmp_path / "now")
        == 5
    )
    with pytest.raises(LogError, match="no event"):
        export_log(
            service.store, service.pipeline, NOW - timedelta(days=1), tmp_path / "none"
        )
    assert not (tmp_path / "none").exists()
