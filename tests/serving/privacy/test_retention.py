"""What was kept for long enough goes; what explains something that was done stays."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from features.log import leave_out, read_log, write_log
from governance.people.roles import Role
from serving.app.scheduler import tick
from serving.auth.sessions import begin_session
from serving.privacy.retention import RetentionReport, apply_retention
from serving.runtime.service import Service
from tests.factories import make_event as make_logged
from tests.factories import make_log
from tests.serving.builders import NOW, make_event, make_person, send, url_of

Headers = dict[str, str]


def bodies(service: Service, lead_id: str = "L-1") -> list[bool]:
    """Of each score of a lead, in order: is its body there?"""
    with service.store.reading() as session:
        rows = session.scalars(
            text(
                "SELECT body FROM score JOIN lead ON lead.id = score.lead_id"
                " WHERE external_id = :lead ORDER BY score.id"
            ),
            {"lead": lead_id},
        ).all()
    return [bool(body) for body in rows]


def names(service: Service) -> set[str]:
    with service.store.reading() as session:
        rows = session.scalars(
            text("SELECT external_id FROM lead WHERE forgotten_at IS NULL")
        )
        return set(rows.all())


def test_bodies_stay_as_long_as_they_explain(
    client: TestClient, headers: Headers, service: Service
) -> None:
    _, mine = make_person(service)
    clock = service.clock
    send(client, headers, make_event())  # the first priority follows from this score
    for n in range(2, 5):
        clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # a SetClock
        send(client, headers, make_event(id=f"{n}"))
        if n == 3:  # a person decides, with that score before their eyes
            moved = {"to": "contacte", "reason": "Rappelée"}
            client.post("/v1/leads/L-1/stage-moves", json=moved, headers=mine)
    before = bodies(service)
    assert all(before)

    report = apply_retention(service, NOW + timedelta(days=100))

    after = bodies(service)
    assert report.score_bodies == len(after) - sum(after) > 0
    assert after[0]
    assert after[-1]  # the latest
    assert not after[1]
    assert apply_retention(service, NOW + timedelta(days=101)).score_bodies == 0
    with service.store.reading() as session:
        lead = session.scalar(text("SELECT lead_id FROM score"))
    assert lead is not None
    shown = client.get("/v1/leads/L-1/scores", headers=headers).json()["scores"]
    assert len(shown) == sum(after)


def test_a_prospect_who_was_silent_for_three_years_is_forgotten(
    client: TestClient, headers: Headers, service: Service
) -> None:
    old = (NOW - timedelta(days=3 * 365 - 10)).isoformat()
    won = make_event(id="w", subject="L-won", type="won", time=old, data={})
    send(
        client,
        headers,
        make_event(subject="L-old", time=old),
        won,
        make_event(id="2", subject="L-new"),
    )
    assert apply_retention(service, NOW, is_dry=True).prospects == 0
    later = NOW + timedelta(days=30)
    dry = apply_retention(service, later, is_dry=True)
    assert dry.prospects == 1
    assert names(service) == {"L-old", "L-won", "L-new"}
    assert apply_retention(service, later).prospects == 1
    assert names(service) == {"L-won", "L-new"}
    with service.store.reading() as session:
        reason = session.scalar(text("SELECT reason FROM tombstone"))
        actions = session.scalars(text("SELECT action FROM audit")).all()
    assert reason == "conservation"
    assert {"lead_forgotten", "retention_applied"} <= set(actions)


def test_the_history_log_is_written_anew_once_for_all(
    client: TestClient,
    headers: Headers,
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leads = [f"L-{n}" for n in range(4)]
    written = [make_logged(lead_id=lead, event_id=lead) for lead in [*leads, "L-new"]]
    write_log(tmp_path / "history", make_log(*written))
    old = (NOW - timedelta(days=4 * 365)).isoformat()
    events = [make_event(id=lead, subject=lead, time=old) for lead in leads]
    send(client, headers, *events)
    times: list[Path] = []

    def counted(folder: Path, choose: Callable[..., Any]) -> None:
        times.append(folder)
        leave_out(folder, choose)

    monkeypatch.setattr("serving.privacy.forget.leave_out", counted)
    settings = service.settings.model_copy(update={"history_log": tmp_path / "history"})
    report = apply_retention(replace(service, settings=settings), NOW)
    assert report.prospects == len(leads)
    assert set(read_log(tmp_path / "history").events["lead_id"]) == {"L-new"}
    assert len(times) == 1


def test_sessions_and_notes_of_who_read_go(
    client: TestClient, headers: Headers, service: Service
) -> None:
    send(client, headers, make_event())
    person, mine = make_person(service, Role.ANALYST)
    begin_session(service.store, person, NOW)
    client.get("/v1/leads/L-1", headers=mine)
    nothing = apply_retention(service, NOW + timedelta(days=20))
    assert nothing == RetentionReport()
    report = apply_retention(service, NOW + timedelta(days=60))
    assert (report.sessions, report.accesses) == (2, 1)


def test_the_tick_sees_to_it(
    client: TestClient, headers: Headers, service: Service
) -> None:
    send(client, headers, make_event())
    tick(service, NOW + timedelta(days=4 * 365))
    assert names(service) == set()


def test_a_dry_run_tells_and_changes_nothing(
    client: TestClient,
    headers: Headers,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.setenv("FREIN_RETENTION", '{"accesses_days": 1}')
    old = make_event(time="2020-01-01T00:00:00Z")
    send(client, headers, old)
    told = CliRunner().invoke(frein.app, ["retention", "run", "--dry-run"])
    assert told.exit_code == 0, told.output
    assert "Would go: 1 prospects" in told.output
    assert names(service) == {"L-1"}
