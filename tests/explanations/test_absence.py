"""An absence: an awaited event, overdue by what is usual in the lead's segment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from explanations.absence import absences
from features.catalogue import Catalogue, parse_catalogue
from features.event import Actor, Event, events_frame
from features.featurise import moments_frame
from features.snapshot import snapshot
from tests.explanations.models import make_facts
from tests.factories import NOW, make_event

REPLY = '{ kind = "email_replied", after = "email_sent" }'
MEETING = """{ kind = "meeting_held", actor = "person",
    where = { channel = "visio" }, data = { participants = 2 } }"""
DELAYS = {"attente": {"*": 24.0, "sante": 72.0}}


def awaiting(awaited: str, *, segment: bool = True) -> Catalogue:
    return parse_catalogue(f"""
name = "essai"
{'segment = "sector"' if segment else ""}
kinds = ["attributes_set", "note_added"]

[[idea]]
name = "attente"
expected = "relance"
awaited = {awaited.replace(chr(10), " ")}

[[signal]]
name = "awaited"
idea = "attente"
count = {{ kind = ["email_replied", "meeting_held"] }}
""")


def happened(kind: str, hours_ago: float, **overrides: object) -> Event:
    at = NOW - timedelta(hours=hours_ago)
    name = f"{kind}-{hours_ago}"
    return make_event(
        **{"event_id": name, "kind": kind, "occurred_at": at, "data": {}} | overrides
    )


def time_of(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True)
class Overdue:
    """An absence as people know it: since when, and the event that should have come."""

    since: datetime
    event: Event


def overdue(
    events: Iterable[Event],
    pairs: Sequence[tuple[str, datetime]],
    catalogue: Catalogue,
    delays: Mapping[str, Mapping[str, float]],
) -> dict[tuple[int, str], Overdue]:
    """What is overdue, by row and idea."""
    seen = snapshot(events_frame(events), moments_frame(pairs), catalogue)
    found = absences(seen, catalogue, make_facts(usual_delay_hours=delays))
    assert found.overdue.shape == (len(pairs), len(seen.program.waits))
    return {
        (row, idea): Overdue(
            time_of(one.since),
            seen.program.insertions[one.insertion].event(lead_id, time_of(one.due)),
        )
        for row, (lead_id, _) in enumerate(pairs)
        for wait, idea in enumerate(seen.program.waits)
        if found.overdue[row, wait]
        for one in [found.at(row, wait)]
    }


def absence_of(
    *events: Event,
    awaited: str = REPLY,
    delays: Mapping[str, Mapping[str, float]] = DELAYS,
    segment: bool = True,
) -> Overdue | None:
    """What is overdue for L-1 at NOW."""
    catalogue = awaiting(awaited, segment=segment)
    return overdue(events, [("L-1", NOW)], catalogue, delays).get((0, "attente"))


def sector(name: str, hours_ago: float = 500) -> Event:
    return happened("attributes_set", hours_ago, data={"sector": name})


MICROSECOND = 1 / 3_600e6  # in hours


@pytest.mark.parametrize(
    ("events", "overdue"),
    [
        pytest.param([happened("email_sent", 24)], True, id="due this instant"),
        pytest.param([happened("email_sent", 25)], True, id="overdue"),
        pytest.param(
            [happened("email_sent", 24 - MICROSECOND)], False, id="not due yet"
        ),
        pytest.param(
            [happened("email_sent", 90), happened("email_sent", 2)],
            False,
            id="a new wait has begun",
        ),
        pytest.param(
            [happened("email_sent", 90), happened("email_replied", 80)],
            False,
            id="it came",
        ),
        pytest.param(
            [happened("email_sent", 90), happened("email_replied", 90)],
            False,
            id="it came at that very instant",
        ),
        pytest.param(
            [happened("email_replied", 95), happened("email_sent", 90)],
            True,
            id="it came before the wait",
        ),
        pytest.param(
            [
                happened("email_sent", 90),
                happened("email_replied", 80),
                happened("email_sent", 70),
            ],
            True,
            id="it came, then a new mail was sent",
        ),
        pytest.param([happened("note_added", 90)], False, id="no mail was ever sent"),
        pytest.param([], False, id="no event at all"),
        pytest.param(
            [
                happened("email_sent", 90),
                happened("email_replied", 80, received_at=NOW + timedelta(hours=1)),
            ],
            True,
            id="it came, and nobody knows yet",
        ),
    ],
)
def test_an_answer_is_overdue_a_usual_delay_after_the_last_question(
    events: list[Event], overdue: bool
) -> None:
    assert (absence_of(*events) is not None) == overdue


@pytest.mark.parametrize(
    ("events", "overdue"),
    [
        pytest.param([happened("note_added", 24)], True, id="due"),
        pytest.param([happened("note_added", 23)], False, id="not due"),
        pytest.param(
            [happened("note_added", 24), happened("email_sent", 1)],
            True,
            id="since the first event, whatever came later",
        ),
        pytest.param(
            [
                happened("note_added", 24),
                happened("meeting_held", 1, data={"channel": "visio"}),
            ],
            False,
            id="it came",
        ),
        pytest.param(
            [
                happened("note_added", 24),
                happened("meeting_held", 1, data={"channel": "telephone"}),
            ],
            True,
            id="another of its kind came",
        ),
        pytest.param(
            [happened("never_heard_of", 99), happened("note_added", 1)],
            False,
            id="an event of an unknown kind starts no wait",
        ),
    ],
)
def test_what_answers_nothing_is_overdue_after_the_first_event(
    events: list[Event], overdue: bool
) -> None:
    assert (absence_of(*events, awaited=MEETING) is not None) == overdue


@pytest.mark.parametrize(
    ("segments", "hours"),
    [
        pytest.param([sector("sante")], 72, id="its own"),
        pytest.param([sector("btp")], 24, id="one without a delay"),
        pytest.param([], 24, id="unknown"),
        pytest.param([sector("btp", 9), sector("sante", 8)], 72, id="the latest known"),
        pytest.param(
            [sector("sante", 9), happened("attributes_set", 8, data={"owner": "Awa"})],
            72,
            id="still the latest known",
        ),
    ],
)
def test_the_delay_is_the_segments(segments: list[Event], hours: float) -> None:
    at, short_of = happened("email_sent", hours), happened("email_sent", hours - 0.1)
    found = absence_of(*segments, at)
    assert found is not None
    assert found.since == at.occurred_at
    assert found.event.occurred_at == NOW
    assert absence_of(*segments, short_of) is None


def test_a_catalogue_without_segments_uses_the_delay_of_all() -> None:
    assert absence_of(sector("sante"), happened("email_sent", 24), segment=False)


@pytest.mark.parametrize(
    "delays",
    [
        pytest.param({}, id="no idea"),
        pytest.param({"autre": {"*": 1.0}}, id="another idea"),
        pytest.param({"attente": {"btp": 1.0}}, id="another segment"),
    ],
)
def test_what_never_came_to_anyone_is_not_awaited(
    delays: Mapping[str, Mapping[str, float]],
) -> None:
    sent = happened("email_sent", 500)
    assert absence_of(sector("sante"), sent, delays=delays) is None


def test_an_idea_that_awaits_nothing_is_never_absent() -> None:
    catalogue = parse_catalogue(
        awaiting(REPLY).text.replace(f"awaited = {REPLY}\n", "")
    )
    note = happened("note_added", 900)
    assert overdue([note], [("L-1", NOW)], catalogue, DELAYS) == {}


def test_the_event_to_insert_is_the_awaited_one_at_its_usual_time() -> None:
    found = absence_of(happened("note_added", 100), awaited=MEETING)
    assert found is not None
    due = NOW - timedelta(hours=76)
    assert found.since == NOW - timedelta(hours=100)
    assert found.event == Event(
        event_id="awaited-attente",
        source="frein",
        lead_id="L-1",
        kind="meeting_held",
        occurred_at=due,
        received_at=due,
        actor=Actor.PERSON,
        data={"channel": "visio", "participants": 2},
    )


def test_each_row_has_its_own_absences() -> None:
    catalogue = awaiting(REPLY)
    events = [
        happened("email_sent", 30),
        happened("email_sent", 90, lead_id="L-2", event_id="other"),
    ]
    pairs = [("L-2", NOW), ("L-1", NOW), ("L-1", NOW - timedelta(hours=10))]
    found = overdue(events, [*pairs, ("L-3", NOW)], catalogue, DELAYS)
    assert set(found) == {(0, "attente"), (1, "attente")}
    assert found[0, "attente"].event.lead_id == "L-2"
    assert found[0, "attente"].since == NOW - timedelta(hours=90)
    assert found[1, "attente"].since == NOW - timedelta(hours=30)


def test_each_idea_has_its_own_wait() -> None:
    two = (
        awaiting(REPLY).text
        + """
[[idea]]
name = "rendez_vous"
expected = "relance"
awaited = { kind = "meeting_held" }

[[signal]]
name = "meetings"
idea = "rendez_vous"
count = { kind = "meeting_held" }
"""
    )
    delays = DELAYS | {"rendez_vous": {"*": 48.0}}
    events = [sector("sante", 60), happened("email_sent", 50)]
    found = overdue(events, [("L-1", NOW)], parse_catalogue(two), delays)
    assert set(found) == {(0, "rendez_vous")}
    awaited = found[0, "rendez_vous"]
    assert awaited.event.kind == "meeting_held"
    assert awaited.event.occurred_at == NOW - timedelta(hours=12)
    later = [("L-1", NOW + timedelta(hours=22))]
    both = overdue(events, later, parse_catalogue(two), delays)
    assert set(both) == {(0, "attente"), (0, "rendez_vous")}
    assert both[0, "attente"].event.occurred_at == NOW + timedelta(hours=22)


def test_no_moment_has_no_absence() -> None:
    assert overdue([happened("email_sent", 90)], [], awaiting(REPLY), DELAYS) == {}
