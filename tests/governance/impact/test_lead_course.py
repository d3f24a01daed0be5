"""A lead's course: what it was exposed to, and what came after."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from features.event import Actor
from features.log import Log
from governance.impact.lead_course import Attributes, courses, exposed, followed
from tests.factories import NOW, make_event, make_log

ATTRIBUTES = Attributes(("sector",), ("headcount",), "sector")
UNTIL = NOW + timedelta(days=120)
AT_ENTRY = {"sector": "btp", "headcount": 12}


def at(days: float) -> datetime:
    return NOW + timedelta(days=days)


def lived(*happened: tuple[float, str, dict[str, Any]]) -> Log:
    """A lead that entered on day 0, and what happened to it, by day and kind."""
    entered = (0.0, "attributes_set", {"data": AT_ENTRY, "actor": Actor.PERSON})
    return make_log(
        *(
            make_event(
                **{"event_id": f"E-{number}", "kind": kind, "occurred_at": at(day)}
                | {"data": {}}
                | more
            )
            for number, (day, kind, more) in enumerate((entered, *happened))
        )
    )


def course(log: Log) -> dict[str, Any]:
    (row,) = courses(log.events, log.about, ATTRIBUTES, UNTIL).to_dicts()
    return row


def sent(day: float, actor: Actor) -> tuple[float, str, dict[str, Any]]:
    return (day, "email_sent", {"actor": actor})


@pytest.mark.parametrize(
    ("machine", "person", "level"),
    [
        pytest.param(0, 2, "none", id="none"),
        pytest.param(1, 2, "some", id="under a half"),
        pytest.param(1, 1, "most", id="a half"),
        pytest.param(0, 0, None, id="nothing sent"),
    ],
)
def test_the_level_is_the_share_of_mails_that_a_machine_sent(
    machine: int, person: int, level: str | None
) -> None:
    mails = [sent(1, Actor.AUTOMATION)] * machine + [sent(2, Actor.PERSON)] * person
    assert course(lived(*mails, sent(14, Actor.AUTOMATION)))["level"] == level


def test_what_comes_after_the_exposure_tells_nothing_of_it() -> None:
    moved = (15.0, "stage_changed", {"data": {"to": "proposition"}})
    before = (3.0, "stage_changed", {"data": {"to": "contacte"}})
    found = course(lived(before, moved, sent(14.5, Actor.AUTOMATION)))
    assert (found["stage"], found["level"]) == ("contacte", None)


def test_what_was_written_over_later_was_not_known_at_entry() -> None:
    over = (30.0, "attributes_set", {"data": {"sector": "sante", "headcount": 99}})
    found = course(lived(over))
    assert (found["sector"], found["headcount"]) == ("btp", 12.0)


def test_the_first_outcome_ends_a_lead_and_an_open_one_is_followed() -> None:
    ended = course(lived((40.0, "lost", {}), (60.0, "won", {})))
    assert (ended["ending"], ended["days"]) == ("lost", 40)
    still_open = course(lived())
    assert (still_open["ending"], still_open["days"]) == (None, 120)


def test_only_leads_open_after_the_exposure_and_long_followed_count() -> None:
    early = lived(sent(1, Actor.PERSON), (13.9, "won", {}))
    later = lived(sent(1, Actor.PERSON), (14.0, "won", {}))
    for log, counted in ((early, 0), (later, 1)):
        leads = courses(log.events, log.about, ATTRIBUTES, UNTIL)
        assert exposed(leads).height == counted
    assert followed(leads, at(89.9)).height == 0
    assert followed(leads, at(90)).get_column("won").to_list() == [True]


def test_a_sale_past_the_horizon_is_none_within_it() -> None:
    log = lived(sent(1, Actor.PERSON), (90.0, "won", {}))
    leads = courses(log.events, log.about, ATTRIBUTES, UNTIL)
    assert followed(leads, UNTIL)["won"].to_list() == [False]
