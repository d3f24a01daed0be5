from datetime import timedelta

import polars as pl
import pytest

from features.catalogue import Catalogue, parse_catalogue
from features.event import Event, events_frame
from tests.factories import make_event
from tests.training.builders import day
from training.dataset.delays import MIN_LEADS, usual_delays

FOLLOW_UP = 'awaited = { kind = "email_replied", after = "email_sent" }'
FIRST_VISIT = 'awaited = { kind = "page_viewed", where = { page = "tarifs" } }'


def make_catalogue(awaited: str) -> Catalogue:
    return parse_catalogue(
        f"""
name = "essai"
segment = "sector"

[[idea]]
name = "interet"
expected = "appel"
{awaited}

[[signal]]
name = "visits"
idea = "interet"
count = {{ kind = "page_viewed" }}
"""
    )


def lead(number: int, *facts: tuple[str, float], sector: str = "sante") -> list[Event]:
    """A lead of a sector, with what happened so many hours after its beginning."""
    every = [("attributes_set", 0.0), *facts]
    return [
        make_event(
            event_id=f"{number}-{i}",
            lead_id=f"{sector}-{number}",
            kind=kind,
            occurred_at=day(0) + timedelta(hours=hours),
            data={"sector": sector, "page": "tarifs"},
        )
        for i, (kind, hours) in enumerate(every)
    ]


def frame(*leads: list[Event]) -> pl.DataFrame:
    return events_frame(event for one in leads for event in one)


def test_measures_from_the_event_awaited_after() -> None:
    events = frame(
        *(
            lead(i, ("email_sent", 1), ("email_replied", 1 + hours))
            for i, hours in enumerate((2, 4, 60))
        )
    )
    delays = usual_delays(events, make_catalogue(FOLLOW_UP), known_at=day(99))
    assert delays == {"interet": {"*": pytest.approx(4)}}


def test_measures_from_the_beginning_where_nothing_comes_before() -> None:
    events = frame(
        *(lead(i, ("page_viewed", hours)) for i, hours in enumerate((3, 7, 9)))
    )
    delays = usual_delays(events, make_catalogue(FIRST_VISIT), known_at=day(99))
    assert delays == {"interet": {"*": pytest.approx(7)}}


@pytest.mark.parametrize(
    ("n_leads", "told"),
    [
        pytest.param(MIN_LEADS, True, id="enough"),
        pytest.param(MIN_LEADS - 1, False, id="few"),
    ],
)
def test_a_segment_needs_enough_leads(n_leads: int, told: bool) -> None:
    slow = [
        lead(i, ("email_sent", 0), ("email_replied", 50), sector="industrie")
        for i in range(n_leads)
    ]
    quick = [lead(i, ("email_sent", 0), ("email_replied", 5)) for i in range(40)]
    delays = usual_delays(
        frame(*slow, *quick), make_catalogue(FOLLOW_UP), known_at=day(99)
    )["interet"]
    assert delays["sante"] == pytest.approx(5)
    assert delays["*"] == pytest.approx(5)
    assert ("industrie" in delays) is told


def test_nothing_received_later_is_used() -> None:
    events = frame(
        lead(1, ("email_sent", 0), ("email_replied", 6)),
        lead(2, ("email_sent", 0), ("email_replied", 24 * 30)),
    )
    delays = usual_delays(events, make_catalogue(FOLLOW_UP), known_at=day(10))
    assert delays["interet"]["*"] == pytest.approx(6)


def test_an_idea_that_nobody_fulfilled_is_left_out() -> None:
    events = frame(lead(1, ("email_sent", 0)))
    assert usual_delays(events, make_catalogue(FOLLOW_UP), known_at=day(9)) == {}


def test_a_catalogue_that_awaits_nothing_has_no_delays() -> None:
    assert usual_delays(frame(lead(1)), make_catalogue(""), known_at=day(9)) == {}
