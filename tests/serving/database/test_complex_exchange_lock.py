"""The database reads what was exchanged as the policy does."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import JsonValue
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from explanations.score import Priority
from features.event import Actor, Event
from governance.leads.state import LeadState
from governance.people.overrides import OverrideKind
from governance.people.principal import Principal, PrincipalKind
from governance.policy.complex_exchange import after_complex_exchange
from governance.policy.effects import Requalify
from governance.policy.pipeline import read_pipeline
from serving.database.engine import POSTGRESQL, Store
from serving.errors import ReservedForPeopleError
from serving.repositories.decisions import add_decision
from serving.repositories.events import add_events
from serving.repositories.lead_states import add_lead
from tests.factories import make_event
from tests.serving.builders import NOW, write
from tests.serving.reserved import RESERVED

N_LOGS = 150
KINDS = ("email_sent", "email_replied", "call_made", "call_received", "meeting_held")
DECIDING = ("stage_changed", *OverrideKind)
OBJECTIONS: tuple[JsonValue, ...] = (
    ["prix"],
    [],
    None,
    False,
    "",
    "prix",
    0,
    {},
    {"a": 1},
)
MINUTES: tuple[JsonValue, ...] = (5, 20, 20.5, 21, None, "45", True)


def logs() -> Iterator[list[Event]]:
    """Logs of leads L-0, L-1 and so on, half of them complex, near every limit."""
    drawn = random.Random(5)
    for n in range(N_LOGS):
        yield [event(drawn, f"L-{n}", i) for i in range(drawn.randint(3, 12))]


def event(drawn: random.Random, lead_id: str, i: int) -> Event:
    kind = drawn.choices(("turn", "note", "decision"), (12, 1, 1))[0]
    hours = 336 if drawn.random() < 0.1 else drawn.randint(1, 350)
    at = (
        NOW
        - timedelta(hours=hours)
        + drawn.choice((-1, 0, 1)) * timedelta(microseconds=1)
    )
    told: dict[str, JsonValue] = {}
    if kind == "turn":
        told = {"duration_minutes": drawn.choice(MINUTES[:2] * 8 + MINUTES)}
    if kind == "note":
        told = {"objections": drawn.choice(OBJECTIONS)}
    names = {"turn": KINDS, "note": ("note_added",), "decision": DECIDING}[kind]
    made = make_event(kind=drawn.choice(names), lead_id=lead_id, occurred_at=at)
    return replace(
        made,
        event_id=f"{lead_id}-{i}",
        source=drawn.choice(("crm", "frein")),
        actor=drawn.choices(list(Actor), (3, 3, 1))[0],
        data=told,
        received_at=NOW,
    )


def is_held(session: Session, lead: UUID) -> bool:
    """Does the database refuse a machine's change of priority?"""
    made = Requalify(
        id=uuid4(),
        origin=Priority.LOW,
        to=Priority.HIGH,
        signer=Principal(PrincipalKind.AUTOMATION, "R-01"),
        proposal_id=None,
    )
    try:
        with session.begin_nested():
            add_decision(session, lead, made, NOW)
    except ReservedForPeopleError:
        return True
    return False


def test_the_database_and_the_policy_read_the_same(store: Store) -> None:
    found = []
    on_postgresql = store.engine.dialect.name == POSTGRESQL
    with store.writing() as session:
        if on_postgresql:  # what nobody signed is no event else
            session.execute(text("ALTER TABLE event DISABLE TRIGGER event_is_signed"))
        else:
            session.execute(text("DROP TRIGGER event_is_signed"))
        for log in logs():
            lead = LeadState.unknown(log[0].lead_id, read_pipeline())
            add_lead(session, lead, None, lead.stage, NOW)
            add_events(session, log, {lead.lead_id: lead.id})
            told = after_complex_exchange(log, NOW)
            assert is_held(session, lead.id) is told, log
            found.append(told)
        if on_postgresql:
            session.execute(text("ALTER TABLE event ENABLE TRIGGER event_is_signed"))
    assert 0.2 < sum(found) / len(found) < 0.8


def test_an_odd_time_is_no_way_around(sqlite_store: Store) -> None:
    """PostgreSQL takes none."""
    step = RESERVED["requalification"]
    with sqlite_store.writing() as session:
        lead = LeadState.unknown("L-1", read_pipeline())
        add_lead(session, lead, None, lead.stage, NOW)
        noted = make_event(kind="note_added", lead_id="L-1", occurred_at=NOW)
        noted = replace(noted, data={"objections": ["prix"]})
        add_events(session, [noted], {"L-1": lead.id})
    for odd in ("never", "", "x" * 30):
        now = "(SELECT created_at FROM lead)"
        told = step.insert("automation").replace(now, f"'{odd}'")
        with pytest.raises(IntegrityError, match=r"reserved_for_people|at_is_wrong"):
            write(sqlite_store, told)
