"""Evidence is what an idea's own signals read: events, or fields of an attribute."""

from datetime import datetime, timedelta

import pytest

from explanations.evidence import evidence_found
from explanations.reason import Evidence
from features.catalogue import parse_catalogue
from features.event import Actor, Event, events_frame
from features.featurise import moments_frame
from features.snapshot import snapshot
from tests.factories import NOW, catalogue_text, make_catalogue, make_event

Piece = tuple[str, str | None]


def ago(*, days: float = 0, hours: float = 0) -> datetime:
    return NOW - timedelta(days=days, hours=hours)


def happened(name: str, kind: str, days: float, **overrides: object) -> Event:
    return make_event(
        event_id=name,
        kind=kind,
        occurred_at=ago(days=days),
        **{"data": {}} | overrides,
    )


HISTORY = (
    happened(
        "entry",
        "attributes_set",
        50,
        actor=Actor.PERSON,
        data={"sector": "sante", "headcount": 12, "owner": "Awa"},
    ),
    happened("mail", "email_sent", 40, actor=Actor.AUTOMATION),
    happened("reply", "email_replied", 39, data={"to": "relance"}),
    happened("old-visit", "page_viewed", 30, data={"page": "tarifs", "session": "a"}),
    happened("meeting", "meeting_held", 20, actor=Actor.PERSON, data={"rating": 4}),
    happened("visit", "page_viewed", 8, data={"page": "tarifs", "session": "b"}),
    happened("blog", "page_viewed", 3, data={"page": "blog"}),
    happened("sector", "attributes_set", 2, data={"sector": "btp"}),
)


def evidence_of(text: str, *events: Event) -> set[Piece]:
    """(event_id, field) of the one idea of a catalogue, at NOW."""
    catalogue = parse_catalogue(text)
    moments = moments_frame([("L-1", NOW)])
    seen = snapshot(events_frame(events or HISTORY), moments, catalogue)
    found = evidence_found(seen)
    assert found.n_ideas == 1
    pieces = found.of(0, 0)
    if pieces is None:
        return set()
    told = pieces.told(seen.timelines)
    assert len(set(told)) == len(told)
    return {(one.event_id, one.field) for one in told}


def whole(*names: str) -> set[Piece]:
    return {(name, None) for name in names}


VISITS = '{ kind = "page_viewed" }'
TARIFS = '{ kind = "page_viewed", where = { page = "tarifs" } }'
SECTOR = 'last = { kind = "attributes_set", field = "sector", type = "category" }'
MAIL_AND_REPLY = 'from = { kind = "email_sent" }, to = { kind = "email_replied" }'


@pytest.mark.parametrize(
    ("signal", "names"),
    [
        pytest.param(f"count = {TARIFS}", ["old-visit", "visit"], id="count"),
        pytest.param(
            f'count = {TARIFS}\nwindow = "30d"', ["visit"], id="as old as the window"
        ),
        pytest.param(
            f'count = {VISITS}\nwindow = "31d"',
            ["old-visit", "visit", "blog"],
            id="within the window",
        ),
        pytest.param(
            f"days_since_last = {TARIFS}", ["old-visit", "visit"], id="recency"
        ),
        pytest.param(
            f"days_since_first = {TARIFS}", ["old-visit", "visit"], id="first"
        ),
        pytest.param(
            'distinct = { kind = "page_viewed", field = "session" }',
            ["old-visit", "visit"],
            id="distinct: those with the field",
        ),
        pytest.param(
            'sum = { kind = ["meeting_held", "page_viewed"], field = "rating" }',
            ["meeting"],
            id="sum: those with the field",
        ),
        pytest.param(
            'mean = { kind = "meeting_held", field = "rating" }',
            ["meeting"],
            id="mean",
        ),
        pytest.param(
            'last = { kind = "email_replied", field = "to", type = "category" }',
            ["reply"],
            id="last",
        ),
        pytest.param(
            'last = { kind = "email_replied", field = "to" }',
            [],
            id="last number: what is none isn't read",
        ),
        pytest.param(
            'share = { of = { actor = "lead" }, among = { actor = ["person"] } }',
            ["meeting"],
            id="share: those among which it counts",
        ),
        pytest.param(
            'share = { of = { kind = "email_sent" }, '
            'among = { kind = ["email_sent", "meeting_held"] } }\nwindow = "30d"',
            ["meeting"],
            id="share within a window",
        ),
        pytest.param(
            f'trend = {VISITS}\nwindow = "7d"',
            ["visit", "blog"],
            id="trend: both windows",
        ),
        pytest.param(
            f'trend = {VISITS}\nwindow = "15d"',
            ["visit", "blog"],
            id="trend: as old as both windows",
        ),
        pytest.param(
            f'latency = {{ {MAIL_AND_REPLY}, statistic = "last" }}',
            ["mail", "reply"],
            id="latency: question and answer",
        ),
        pytest.param(
            f'latency = {{ {MAIL_AND_REPLY}, statistic = "pending" }}',
            ["mail", "reply"],
            id="latency: still pending",
        ),
        pytest.param(
            'count = { kind = "page_viewed", after = "meeting_held" }',
            ["visit", "blog"],
            id="only what followed, not what it followed",
        ),
        pytest.param(
            'count = { actor = "automation" }', ["mail"], id="no kind, an actor"
        ),
        pytest.param(
            "days_since_last = {}",
            ["mail", "reply", "old-visit", "meeting", "visit", "blog"],
            id="no kind: attributes are not taken away",
        ),
        pytest.param(
            'count = { kind = "attributes_set" }',
            ["entry", "sector"],
            id="attributes themselves, where they are named",
        ),
        pytest.param('count = { kind = "note_added" }', [], id="nothing"),
    ],
)
def test_evidence_is_every_event_that_the_signal_reads(
    signal: str, names: list[str]
) -> None:
    # A second idea makes every kind of HISTORY known, as a real catalogue would.
    kinds = sorted({event.kind for event in HISTORY})
    text = catalogue_text(top=f"kinds = {kinds}", tried=signal)
    assert evidence_of(text) == whole(*names)


def test_evidence_of_an_attribute_is_its_field() -> None:
    text = catalogue_text(sector=SECTOR)
    assert evidence_of(text) == {("entry", "sector"), ("sector", "sector")}


def test_an_idea_of_two_attributes_has_each_field_of_an_event() -> None:
    text = catalogue_text(
        sector=SECTOR,
        headcount='last = { kind = "attributes_set", field = "headcount" }',
    )
    assert evidence_of(text) == {
        ("entry", "sector"),
        ("entry", "headcount"),
        ("sector", "sector"),
    }


def test_an_event_read_by_two_signals_of_an_idea_is_one_piece() -> None:
    text = catalogue_text(
        views=f"count = {VISITS}", recency=f"days_since_last = {VISITS}"
    )
    assert evidence_of(text) == whole("old-visit", "visit", "blog")


def test_a_disabled_signal_reads_nothing() -> None:
    text = catalogue_text(
        views=f"count = {TARIFS}",
        off='enabled = false\ncount = { kind = "meeting_held" }',
    )
    assert evidence_of(text) == whole("old-visit", "visit")


def test_an_idea_of_context_has_no_evidence() -> None:
    text = catalogue_text(age="days_since_first = {}", views=f"count = {VISITS}")
    assert evidence_of(text)
    context = text.replace("expected =", 'nature = "context"\nexpected =')
    assert evidence_of(context) == set()


def test_what_is_not_known_yet_is_no_evidence() -> None:
    late = make_event(event_id="late", occurred_at=ago(days=1), received_at=NOW)
    known = make_event(event_id="known")
    unknown = make_event(
        event_id="unknown",
        occurred_at=ago(days=1),
        received_at=NOW + timedelta(microseconds=1),
    )
    assert evidence_of(catalogue_text(), late, known, unknown) == whole("late", "known")


def test_each_row_has_the_evidence_of_its_own_lead() -> None:
    catalogue = make_catalogue()
    events = [
        make_event(event_id="mine"),
        make_event(event_id="hers", lead_id="L-2"),
    ]
    moments = moments_frame([("L-2", NOW), ("L-3", NOW), ("L-1", NOW)])
    seen = snapshot(events_frame(events), moments, catalogue)
    found = evidence_found(seen)
    rests_on = {row: pieces for row in range(3) if (pieces := found.of(row, 0))}
    told = {row: pieces.told(seen.timelines) for row, pieces in rests_on.items()}
    assert told == {0: (Evidence("site", "hers"),), 2: (Evidence("site", "mine"),)}
    now = seen.rows.moment[0]
    assert [one.last_at(seen.timelines) for one in rests_on.values()] == [now, now]


def test_pieces_come_by_time_and_the_last_is_the_latest() -> None:
    events = [
        make_event(event_id="a", occurred_at=ago(days=1)),
        make_event(event_id="b", occurred_at=ago(days=3)),
        make_event(event_id="c", occurred_at=ago(days=2)),
    ]
    seen = snapshot(
        events_frame(events), moments_frame([("L-1", NOW)]), make_catalogue()
    )
    pieces = evidence_found(seen).of(0, 0)
    assert pieces is not None
    assert [one.event_id for one in pieces.told(seen.timelines)] == ["b", "c", "a"]
    day = timedelta(days=1) / timedelta(microseconds=1)
    assert pieces.last_at(seen.timelines) == seen.rows.moment[0] - day


def test_each_idea_has_evidence_of_its_own() -> None:
    replies = """
[[idea]]
name = "reponses"
expected = "appel"

[[signal]]
name = "replies"
idea = "reponses"
count = { kind = "email_replied" }
"""
    catalogue = parse_catalogue(catalogue_text() + replies)
    seen = snapshot(events_frame(HISTORY), moments_frame([("L-1", NOW)]), catalogue)
    found = evidence_found(seen)
    told = [
        [one.event_id for one in pieces.told(seen.timelines)]
        for idea in range(2)
        if (pieces := found.of(0, idea))
    ]
    assert told == [["old-visit", "visit", "blog"], ["reply"]]
