"""A reserved move, by every principal and every way in: who makes it, and who can't."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from features.event import Actor
from governance.person import DECIDERS, Role
from governance.trigger import Weekday
from serving.access import Scope
from serving.ingestion import ingest
from serving.proposals import all_proposals
from serving.service import Service
from serving.ticking import tick
from tests.factories import make_event as as_event
from tests.governance.rule_builders import make_rules
from tests.serving.builders import (
    as_the_command_line_has_it,
    make_event,
    make_key,
    make_person,
    send,
    url_of,
)
from tests.serving.test_brake import RESERVED, ask, decisions, write_decision

DAYS = [day.value for day in Weekday]


@dataclass(frozen=True)
class Try:
    """A try to bring L-1 to a stage; `proposal` waits for that move already."""

    client: TestClient
    service: Service
    to: str
    proposal: str


def by_key(tried: Try, scopes: frozenset[Scope]) -> None:
    _, headers = make_key(tried.service, scopes=scopes)
    ask(tried.client, headers, tried.to)
    path = f"/v1/proposals/{tried.proposal}/confirm"
    tried.client.post(path, json={}, headers=headers)
    override = {"kind": "status_adjusted", "stage": tried.to, "reason": "accord"}
    tried.client.post("/v1/leads/L-1/overrides", json=override, headers=headers)


def by_event(tried: Try, kind: str, **more: Any) -> None:
    """Observed, it changes what is known of the CRM, and decides nothing."""
    _, headers = make_key(tried.service, scopes=frozenset(Scope))
    about = {"to": tried.to, "stage": tried.to}
    event = make_event(id="x", type=kind, data=about, **more)
    tried.client.post(
        "/v1/events",
        json=event,
        headers=headers | {"Content-Type": "application/cloudevents+json"},
    )


def by_sql(tried: Try, kind: str) -> None:
    with pytest.raises(IntegrityError):
        write_decision(tried.service, tried.to, True, kind)


def by_move(tried: Try, role: Role) -> None:
    ask(tried.client, make_person(tried.service, role)[1], tried.to)


def by_confirming(tried: Try, role: Role) -> None:
    path = f"/v1/proposals/{tried.proposal}/confirm"
    headers = make_person(tried.service, role)[1]
    tried.client.post(path, json={}, headers=headers)


def by_command(tried: Try, role: Role) -> None:
    make_person(tried.service, role, login="who")
    CliRunner().invoke(
        frein.app, ["proposals", "confirm", tried.proposal, "--as", "who"]
    )


def by_time(tried: Try) -> None:
    tried.service.clock.advance(timedelta(days=30))  # type: ignore[attr-defined]  # a SetClock
    by_confirming(tried, Role.ADMIN)  # too late


def by_rule(tried: Try, on: str) -> None:
    """A rule that wants the move may only propose it, whatever sets it off."""
    rules = make_rules({"on": on, "then": f'{{ propose_move = "{tried.to}" }}'})
    ruled = replace(tried.service, rules=rules)
    tried.service.clock.advance(timedelta(days=7))  # type: ignore[attr-defined]  # a SetClock
    now = tried.service.clock()
    seen = as_event(kind="page_viewed", lead_id="L-1", occurred_at=now)
    ingest(ruled, [replace(seen, received_at=now)], now)
    assert tick(ruled, now) is not None
    with tried.service.store.reading() as session:
        assert {one.to_stage for one in all_proposals(session)} == {tried.to}


MACHINES: dict[str, Callable[[Try], None]] = {
    **{f"key {one}": lambda t, one=one: by_key(t, frozenset({one})) for one in Scope},  # type: ignore[misc]  # mypy infers no default
    "key of all scopes": lambda t: by_key(t, frozenset(Scope)),
    **{
        f"event of {actor}": lambda t, actor=actor: by_event(  # type: ignore[misc]  # the same
            t, "stage_changed", actor=actor
        )
        for actor in Actor
    },
    "override as an event": lambda t: by_event(t, "status_adjusted", actor="person"),
    "event as ours": lambda t: by_event(t, "stage_changed", source="frein"),
    **{
        f"sql {kind}": lambda t, kind=kind: by_sql(t, kind)  # type: ignore[misc]  # the same
        for kind in ("integration", "automation", "")
    },
    "time": by_time,
    "rule by an event": lambda t: by_rule(t, '{ event = { kind = "page_viewed" } }'),
    "rule by the tick": lambda t: by_rule(t, f"{{ schedule = {DAYS} }}"),
    "analyst's move": lambda t: by_move(t, Role.ANALYST),
    "analyst's confirmation": lambda t: by_confirming(t, Role.ANALYST),
    "analyst's command": lambda t: by_command(t, Role.ANALYST),
}
WAYS_OF_PEOPLE = {"move": by_move, "confirm": by_confirming, "command": by_command}


@pytest.fixture(params=RESERVED)
def tried(
    request: pytest.FixtureRequest,
    client: TestClient,
    headers: dict[str, str],
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> Try:
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.setattr("serving.commands.champion_if_any", lambda: None)
    as_the_command_line_has_it(service)
    owned = make_event(type="attributes_set", data={"owner": "Awa Diallo"})
    send(client, headers, owned)
    proposal = ask(client, headers, request.param).json()["proposal_id"]
    return Try(client, service, request.param, proposal)


@pytest.mark.parametrize("way", MACHINES)
def test_no_way_leads_there_without_a_person_who_decides(tried: Try, way: str) -> None:
    MACHINES[way](tried)
    assert decisions(tried.service) == []


@pytest.mark.parametrize("role", sorted(DECIDERS))
@pytest.mark.parametrize("way", WAYS_OF_PEOPLE)
def test_a_person_who_decides_signs(tried: Try, way: str, role: Role) -> None:
    WAYS_OF_PEOPLE[way](tried, role)
    (made,) = decisions(tried.service)
    assert (made["to_stage"], made["signer"]) == (tried.to, "Awa Diallo")
