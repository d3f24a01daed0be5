"""Which events show that a lead is alive."""

from typing import Any

import pytest

from features.event import Actor, Event
from governance.leads.sign_of_life import is_sign_of_life
from tests.governance.rule_builders import NOW


@pytest.mark.parametrize(
    ("actor", "kind", "about", "is_sign"),
    [
        pytest.param(Actor.LEAD, "page_viewed", {}, True, id="the lead acts"),
        pytest.param(Actor.PERSON, "email_sent", {}, False, id="we write"),
        pytest.param(Actor.AUTOMATION, "email_sent", {}, False, id="a machine writes"),
        pytest.param(Actor.PERSON, "meeting_held", {}, True, id="a meeting"),
        pytest.param(Actor.PERSON, "call_received", {}, True, id="the lead calls"),
        pytest.param(
            Actor.PERSON, "call_made", {"outcome": "joint"}, True, id="answered"
        ),
        pytest.param(
            Actor.PERSON, "call_made", {"outcome": "messagerie"}, False, id="voicemail"
        ),
        pytest.param(Actor.PERSON, "call_made", {}, False, id="nobody knows"),
        pytest.param(
            Actor.AUTOMATION, "call_made", {"outcome": "joint"}, False, id="a robot"
        ),
        pytest.param(
            Actor.PERSON, "note_added", {"tone": 0}, True, id="a neutral exchange"
        ),
        pytest.param(
            Actor.PERSON, "note_added", {"objections": ["prix"]}, True, id="objections"
        ),
        pytest.param(
            Actor.PERSON,
            "note_added",
            {"objections": [], "text": "Rappeler lundi."},
            False,
            id="words to oneself",
        ),
    ],
)
def test_what_the_lead_takes_part_in_is_a_sign_of_it(
    actor: Actor, kind: str, about: dict[str, Any], *, is_sign: bool
) -> None:
    event = Event(
        event_id="1",
        source="crm",
        lead_id="L-1",
        kind=kind,
        occurred_at=NOW,
        received_at=NOW,
        actor=actor,
        data=about,
    )
    assert is_sign_of_life(event) is is_sign
