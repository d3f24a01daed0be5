"""What is reserved, by every principal and way in: who makes it, and who can't."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from features.event import Actor
from governance.people.roles import DECIDERS, Role
from governance.rules.trigger import Weekday
from serving.app.scheduler import tick
from serving.auth.accounts import close_account
from serving.database.engine import SQLITE
from serving.events.ingestion import ingest
from serving.repositories.api_keys import Scope
from serving.repositories.proposals import all_proposals
from serving.runtime.service import Service
from tests.factories import make_event as as_event
from tests.governance.rule_builders import make_rules
from tests.serving.builders import (
    as_the_command_line_has_it,
    make_event,
    make_key,
    make_person,
    send,
    url_of,
    write,
)
from tests.serving.reserved import RESERVED, Reserved
from tests.serving.snapshots import Restore, snapshot

DAYS = [day.value for day in Weekday]
# How an event could pretend that it was made.
PRETENCES = ("stage_changed", "priority_set", "attributes_set", "concession_granted")
OVERRIDES = ("status_adjusted", "priority_contested", "priority_confirmed")


@dataclass(frozen=True)
class Try:
    """A try to make what is reserved; `proposal` waits for it already."""

    client: TestClient
    service: Service
    what: Reserved
    proposal: str


def by_key(tried: Try, scopes: frozenset[Scope]) -> None:
    _, headers = make_key(tried.service, scopes=scopes)
    tried.what.ask(tried.client, headers)
    path = f"/v1/proposals/{tried.proposal}/confirm"
    tried.client.post(path, json={}, headers=headers)
    override = tried.what.override or {}
    tried.client.post("/v1/leads/L-1/overrides", json=override, headers=headers)


def by_event(tried: Try, kinds: tuple[str, ...], **more: Any) -> None:
    """Observed, it changes what is known of the CRM, and decides nothing."""
    _, headers = make_key(tried.service, scopes=frozenset(Scope))
    about = tried.what.sent | {"stage": tried.what.sent.get("to", "")}
    for kind in kinds:
        event = make_event(id=kind, type=kind, data=about, **more)
        tried.client.post(
            "/v1/events",
            json=event,
            headers=headers | {"Content-Type": "application/cloudevents+json"},
        )


def by_sql(tried: Try, kind: str) -> None:
    with pytest.raises(IntegrityError):
        write(tried.service.store, tried.what.insert(kind))


def by_sql_as(tried: Try, role: Role | None) -> None:
    """Signed by nobody known, or by a person who may not decide, or no longer."""
    if role is not None:
        person, _ = make_person(tried.service, role)
        if role in DECIDERS:
            close_account(tried.service.store, person.login, tried.service.clock())
    by_sql(tried, "person")


def by_asking(tried: Try, role: Role) -> None:
    tried.what.ask(tried.client, make_person(tried.service, role)[1])


def by_confirming(tried: Try, role: Role) -> None:
    path = f"/v1/proposals/{tried.proposal}/confirm"
    headers = make_person(tried.service, role)[1]
    tried.client.post(path, json=tried.what.why, headers=headers)


def by_command(tried: Try, role: Role) -> None:
    _, bearer = make_person(tried.service, role, login="who")
    token = bearer["Authorization"].removeprefix("Bearer ")
    given = tried.what.why.items()
    why = [part for n, v in given for part in (f"--{n.replace('_', '-')}", v)]
    command = ["proposals", "confirm", tried.proposal, *why]
    CliRunner().invoke(frein.app, command, env={"FREIN_TOKEN": token})


def by_script(tried: Try) -> None:
    """In the name of a person who may, with no secret of theirs."""
    make_person(tried.service, Role.ADMIN, login="who")
    for more in ((), ("--break-glass", "vite")):
        command = ["proposals", "confirm", tried.proposal, "--as", "who", *more]
        CliRunner().invoke(frein.app, command, input="le cheval de Nantes\n")


def by_sql_of(tried: Try, role: Role) -> None:
    make_person(tried.service, role)
    refused = role in tried.what.too_much_for
    with pytest.raises(IntegrityError) if refused else nullcontext():
        write(tried.service.store, tried.what.insert("person"))


def by_time(tried: Try) -> None:
    tried.service.clock.advance(timedelta(days=30))  # type: ignore[attr-defined]  # a SetClock
    by_confirming(tried, Role.ADMIN)  # too late


def by_rule(tried: Try, on: str) -> None:
    """A rule that wants it may only propose it, whatever sets it off."""
    if tried.what.then is None:
        with pytest.raises(ValidationError, match="concede"):
            make_rules({"on": on, "then": "{ concede = 11 }"})
        return
    rules = make_rules({"on": on, "then": tried.what.then})
    ruled = replace(tried.service, rules=rules)
    tried.service.clock.advance(timedelta(days=7))  # type: ignore[attr-defined]  # a SetClock
    now = tried.service.clock()
    seen = as_event(kind="page_viewed", lead_id="L-1", occurred_at=now)
    ingest(ruled, [replace(seen, received_at=now)], now)
    assert tick(ruled, now) is not None
    with tried.service.store.reading() as session:
        assert all_proposals(session)


MACHINES: dict[str, Callable[[Try], None]] = {
    **{f"key {one}": lambda t, one=one: by_key(t, frozenset({one})) for one in Scope},  # type: ignore[misc]  # mypy infers no default
    "key of all scopes": lambda t: by_key(t, frozenset(Scope)),
    **{
        f"events of {actor}": lambda t, actor=actor: by_event(  # type: ignore[misc]  # the same
            t, PRETENCES, actor=actor
        )
        for actor in Actor
    },
    "overrides as events": lambda t: by_event(t, OVERRIDES, actor="person"),
    "events as ours": lambda t: by_event(t, PRETENCES, source="frein"),
    **{
        f"sql {kind}": lambda t, kind=kind: by_sql(t, kind)  # type: ignore[misc]  # the same
        for kind in ("integration", "automation", "break_glass", "")
    },
    **{
        f"sql as {role}": lambda t, role=role: by_sql_as(t, role)  # type: ignore[misc]  # the same
        for role in (None, Role.ANALYST, Role.SALES)
    },
    "time": by_time,
    "rule by an event": lambda t: by_rule(t, '{ event = { kind = "page_viewed" } }'),
    "rule by the tick": lambda t: by_rule(t, f"{{ schedule = {DAYS} }}"),
    "analyst's call": lambda t: by_asking(t, Role.ANALYST),
    "analyst's confirmation": lambda t: by_confirming(t, Role.ANALYST),
    "script": by_script,
    "analyst's command": lambda t: by_command(t, Role.ANALYST),
}
WAYS_OF_PEOPLE = {
    "call": by_asking,
    "confirmation": by_confirming,
    "command": by_command,
    "sql": by_sql_of,
}


Asked = tuple[str, Restore]  # the proposal that waits, and the store as it then is


@pytest.fixture(scope="module")
def asked() -> dict[tuple[str, str], Asked]:
    """By database and what is reserved: asked for once."""
    return {}


@pytest.fixture(params=RESERVED)
def tried(
    request: pytest.FixtureRequest,
    client: TestClient,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[tuple[str, str], Asked],
) -> Try:
    store, what = service.store, RESERVED[request.param]
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(store))
    monkeypatch.setattr("serving.cli.proposals.champion_if_any", lambda: None)
    as_the_command_line_has_it(service)
    kind = store.engine.dialect.name
    superuser: Connection | None = (
        None if kind == SQLITE else request.getfixturevalue("superuser")
    )
    key = (kind, request.param)
    if key in asked:
        proposal, restore = asked[key]
        restore(store, superuser)
    else:
        proposal = ask(what, client, make_key(service)[1])
        asked[key] = proposal, snapshot(store, superuser)
    return Try(client, service, what, proposal)


def ask(what: Reserved, client: TestClient, headers: dict[str, str]) -> str:
    """Ask for it on the lead L-1, of Awa's; the proposal that is left of it."""
    owned = make_event(type="attributes_set", data={"owner": "Awa Diallo"})
    send(client, headers, owned)
    what.before(client, headers)
    proposal: str = what.ask(client, headers).json()["proposal_id"]
    return proposal


@pytest.mark.parametrize("way", MACHINES)
def test_no_way_leads_there_without_a_person_who_decides(tried: Try, way: str) -> None:
    MACHINES[way](tried)
    assert tried.what.made(tried.service) == []


@pytest.mark.parametrize("role", sorted(DECIDERS))
@pytest.mark.parametrize("way", WAYS_OF_PEOPLE)
def test_a_person_who_decides_signs(tried: Try, way: str, role: Role) -> None:
    """But for what is above the limit of their role."""
    WAYS_OF_PEOPLE[way](tried, role)
    signed = [] if role in tried.what.too_much_for else [("person", "Awa Diallo")]
    assert tried.what.made(tried.service) == signed
