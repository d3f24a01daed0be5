"""A log replayed without a model: what fires, wins, loses and loops, and the tasks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from features.event import Actor, Event
from governance.errors import RulesError
from governance.leads.automation_context import AutomationContext
from governance.people.feedback import read_judgement
from governance.policy.complex_exchange import after_complex_exchange
from governance.rules.exception_cases import Cases
from governance.rules.ruleset import Rules
from governance.simulation.report import Report, Tally
from governance.simulation.simulation import Simulation
from tests.factories import make_event, make_events, make_log
from tests.governance.rule_builders import ASSIGNEES, NOW, make_rules

TASK = '{ create_task = { expected = "appel", working_days = 1 } }'
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def simulated(rules: Rules, events: list[Event], days: float = 30) -> Report:
    log = make_log(*events)
    simulation = Simulation(
        context=AutomationContext(
            rules=rules,
            cases=Cases(version=1),
            assignees=ASSIGNEES,
            judgement=read_judgement(),
        ),
        since=EPOCH,
        until=NOW + timedelta(days=days),
    )
    tally = Tally()
    for _, moments in simulation.replayed(log.events, log.about):
        tally.add(moments)
    return tally.report()


def test_rules_fire_win_and_lose_in_time() -> None:
    twice = '{ count = { kind = "page_viewed" }, at_least = 2 }'
    rules = make_rules({"when": f"[{twice}]", "then": TASK}, {"then": TASK})
    events = make_events({}, {"occurred_at": NOW + timedelta(hours=1)})

    report = simulated(rules, events)

    assert report.fates == {"R-01": {"fired": 1}, "R-02": {"fired": 1, "lost": 1}}
    assert report.lost == {"R-02": {"R-01": 1}}
    assert report.tasks == {"R-01": 1, "R-02": 1}


def test_a_rule_is_tried_as_if_it_were_active_and_others_were_not_there() -> None:
    asleep = {"state": '"suspended"', "then": TASK}
    rules = make_rules(asleep, {"then": TASK}, {"then": '{ assign = "manager" }'})
    tried = rules.trying("R-01", without={"R-01", "R-02"})
    report = simulated(tried, make_events({}))
    assert report.fates == {"R-01": {"fired": 1}, "R-03": {"fired": 1}}
    assert tried != rules


def test_a_rule_that_could_fight_once_active_is_not_tried() -> None:
    same = {"then": TASK, "priority": "5"}
    rules = make_rules(same, same | {"state": '"suspended"'})
    with pytest.raises(RulesError, match="can set off both"):
        rules.trying("R-02")


def test_an_event_counts_once_it_is_known() -> None:
    late = make_event(received_at=NOW + timedelta(days=3))
    assert simulated(make_rules({}), [late], days=2).fates == {}
    assert simulated(make_rules({}), [late], days=4).fates == {"R-01": {"fired": 1}}


def test_nothing_is_done_once_a_lead_has_ended() -> None:
    lost = {"kind": "lost", "occurred_at": NOW + timedelta(days=1)}
    visit = {"occurred_at": NOW + timedelta(days=2)}
    report = simulated(make_rules({}), make_events({}, lost, visit))
    assert report.fates == {"R-01": {"fired": 1}}


def test_silences_and_schedules_come_with_the_ticks() -> None:
    rules = make_rules(
        {"on": '{ silence = { actor = "lead" }, lasting = "10d" }', "then": TASK},
        {"on": '{ schedule = ["monday"] }', "then": '{ assign = "manager" }'},
        top='version = 1\nkinds = ["page_viewed"]',
    )
    report = simulated(rules, make_events({}), days=20)
    assert report.fates["R-01"] == {"fired": 1}
    assert report.fates["R-02"] == {"fired": 1, "no_change": 2}  # three Mondays


def test_a_task_is_raised_again_only_once_it_is_closed() -> None:
    hours = (0, 1, 24 * 7)
    visits = make_events(*({"occurred_at": NOW + timedelta(hours=h)} for h in hours))
    report = simulated(make_rules({"then": TASK}), visits)
    assert report.fates == {"R-01": {"fired": 2, "no_change": 1}}


def test_the_rate_of_tasks_is_of_the_leads_open_in_the_week() -> None:
    other = {"lead_id": "L-2", "kind": "note_added"}
    report = simulated(make_rules({"then": TASK}), make_events({}, other), days=5)

    assert [(week.open_leads, week.tasks) for week in report.weeks] == [(2, 1)]
    assert report.share_with_task() == 0.5
    assert report.share_with_task("exceptions") == 0.0


def test_a_log_without_an_open_lead_has_no_rate() -> None:
    assert simulated(make_rules({}), make_events({}), days=-1).share_with_task() is None


def turns(n: int, kinds: tuple[str, ...], **given: Any) -> list[Event]:
    """So many turns, by the lead and by a person in turn."""
    return [
        make_event(
            **{
                "event_id": f"T-{i}",
                "kind": kinds[i % len(kinds)],
                "actor": (Actor.LEAD, Actor.PERSON)[i % 2],
                "occurred_at": NOW - timedelta(days=2, minutes=-i),
                "data": {},
            }
            | given
        )
        for i in range(n)
    ]


MAIL, CALL = "email_replied", "call_made"
MOVE = make_event(kind="stage_changed", actor=Actor.PERSON, occurred_at=NOW)
OURS = replace(MOVE, source="frein")
OBJECTION = make_event(kind="note_added", data={"objections": ["prix"]})
LONG_CALL = make_event(kind="call_made", data={"duration_minutes": 21})


@pytest.mark.parametrize(
    ("events", "is_complex"),
    [
        pytest.param(turns(6, (MAIL, CALL)), True, id="six turns"),
        pytest.param(turns(5, (MAIL, CALL)), False, id="five"),
        pytest.param(turns(6, (MAIL,)), False, id="one channel"),
        pytest.param(turns(6, (MAIL, CALL), actor=Actor.LEAD), False, id="one side"),
        pytest.param(
            turns(6, (MAIL, CALL), occurred_at=NOW - timedelta(days=14)),
            False,
            id="a fortnight ago",
        ),
        pytest.param([*turns(6, (MAIL, CALL)), OURS], False, id="a person decided"),
        pytest.param([*turns(6, (MAIL, CALL)), MOVE], True, id="a source says so"),
        pytest.param([OBJECTION], True, id="an objection"),
        pytest.param([LONG_CALL], True, id="a long call"),
        pytest.param(
            [make_event(kind="call_made", data={"duration_minutes": 20})],
            False,
            id="a call",
        ),
    ],
)
def test_what_a_complex_exchange_is(events: list[Event], *, is_complex: bool) -> None:
    assert after_complex_exchange(events, NOW) is is_complex
