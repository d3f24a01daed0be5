"""`frein report automation`, of a log and of the store."""

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from features.event import Actor
from features.log import write_log
from serving.runtime.service import Service
from tests import factories
from tests.serving import builders
from tests.serving.builders import send, url_of

runner = CliRunner()


@pytest.fixture(autouse=True)
def environment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))


def run(*arguments: str) -> str:
    result = runner.invoke(frein.app, ["report", "automation", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def a_log(folder: Path) -> Path:
    """Two leads that a machine wrote to: one was won, one entered lately."""
    begun = factories.NOW
    at = {"a": begun, "b": begun + timedelta(days=100)}
    events = factories.make_events(
        *(
            {"lead_id": lead, "kind": "email_sent", "actor": Actor.AUTOMATION}
            | {"occurred_at": entered}
            for lead, entered in at.items()
        ),
        {"lead_id": "a", "kind": "won", "occurred_at": begun + timedelta(days=30)},
        {"lead_id": "b", "occurred_at": begun + timedelta(days=120)},
    )
    write_log(folder, factories.make_log(*events))
    return folder


def test_a_log_is_told_of_with_what_it_is_too_short_for(tmp_path: Path) -> None:
    told = " ".join(run("--log", str(a_log(tmp_path / "log"))).split())
    assert "2 leads entered" in told
    assert "Of 2 open after 14 days, 1 entered 90 days ago" in told
    assert "100.0 (20.7–100.0)" in told
    assert "Too few leads ended to compare" in told


def test_since_counts_entries(tmp_path: Path) -> None:
    later = (factories.NOW + timedelta(days=60)).date().isoformat()
    told = run("--log", str(a_log(tmp_path / "log")), "--since", later)
    assert "1 leads entered" in told


def test_the_store_and_its_history_are_read_as_one(
    client: TestClient,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    assert "no event" in run()
    _, headers = builders.make_key(service)
    moved = {"from": "proposition", "to": "gagne"}
    first = builders.make_event(type="email_sent", subject="c", id="1")
    send(client, headers, first)
    won = builders.make_event(
        type="stage_changed", subject="c", id="2", data=moved, actor="person"
    )
    send(client, headers, won)
    assert "1 leads entered: 1 ended within 14 days" in " ".join(run().split())
    monkeypatch.setenv("FREIN_HISTORY_LOG", str(a_log(tmp_path / "log")))
    assert "3 leads entered: 1 ended within 14 days" in " ".join(run().split())
