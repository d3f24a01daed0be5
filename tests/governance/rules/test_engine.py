"""The rules' engine, on one occurrence at a time."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from explanations.score import Grade, Priority
from governance.policy.actions import Assign, Notify, OpenProposal, SetPriority
from governance.policy.policy import Clause, Verdict
from governance.policy.task import OpenTask, TaskKind
from governance.rules.engine import Decision, Occurrence
from governance.rules.history import History
from governance.rules.messages_fr import RESULT, sentence_of
from governance.rules.outcome import Cause, Outcome, RuleResult
from governance.rules.ruleset import Rules
from tests.factories import make_event
from tests.governance.rule_builders import (
    ASSIGNEES,
    NOW,
    make_facts,
    make_rules,
    seen,
    tick,
)

HIGH = {"then": '{ set_priority = "elevee" }'}
TASK = {"then": '{ create_task = { expected = "appel", working_days = 1 } }'}


def fates(outcomes: list[Outcome]) -> list[tuple[str | None, RuleResult]]:
    return [(one.rule_id, one.result) for one in outcomes]


def decided(
    rules: Rules, occurrence: Occurrence | None = None, **given: Any
) -> list[Outcome]:
    history = given.pop("history", History())
    facts = make_facts(**given)
    decision = Decision(rules, occurrence or seen(), facts, history, ASSIGNEES)
    return decision.outcomes()


def only(outcomes: list[Outcome]) -> Outcome:
    (outcome,) = outcomes
    return outcome


# --- Triggers ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "on", "fired"),
    [
        pytest.param(40.0, 50.0, "rises_by = 10", True, id="rises: at it"),
        pytest.param(40.0, 49.9, "rises_by = 10", False, id="rises: just under"),
        pytest.param(50.0, 40.0, "rises_by = 10", False, id="rises: falls"),
        pytest.param(50.0, 40.0, "falls_by = 10", True, id="falls: at it"),
        pytest.param(50.0, 60.0, "rises_to = 60", True, id="level: at it"),
        pytest.param(60.0, 70.0, "rises_to = 60", False, id="level: there already"),
        pytest.param(24.0, 20.0, "falls_to = 20", True, id="level: from above"),
        pytest.param(None, 70.0, "rises_to = 60", False, id="no score before"),
        pytest.param(50.0, None, "rises_to = 60", False, id="no score now"),
    ],
)
def test_a_score_sets_a_rule_off_by_how_it_moved(
    before: float | None, after: float | None, on: str, *, fired: bool
) -> None:
    rules = make_rules({"on": f"{{ score = {{ {on} }} }}"})
    found = decided(rules, tick(), score=after, history=History(score_written=before))
    assert [one.result for one in found] == [RuleResult.FIRED] * fired


def test_a_score_that_barely_moved_past_a_level_writes_nothing() -> None:
    rules = make_rules({"on": "{ score = { rises_to = 60 } }"})
    found = decided(rules, tick(), score=60.5, history=History(score_written=58.0))
    assert fates(found) == [("R-01", RuleResult.BARELY_MOVED)]


@pytest.mark.parametrize(
    ("days", "seen_days_ago", "fired"),
    [
        pytest.param(10.0, None, True, id="at it"),
        pytest.param(9.9, None, False, id="just under"),
        pytest.param(15.0, 2.0, False, id="seen in this silence"),
        pytest.param(15.0, 20.0, True, id="seen in the one before"),
        pytest.param(None, None, False, id="never began"),
        pytest.param(float("nan"), None, False, id="unknown"),
    ],
)
def test_a_silence_sets_a_rule_off_once(
    days: float | None, seen_days_ago: float | None, *, fired: bool
) -> None:
    rules = make_rules({"on": '{ silence = { actor = "lead" }, lasting = "10d" }'})
    (measure,) = rules.measures
    set_off = (
        {} if seen_days_ago is None else {"R-01": NOW - timedelta(days=seen_days_ago)}
    )
    found = decided(
        rules,
        tick(),
        measures={measure.name: days},
        history=History(last_set_off=set_off),
    )
    assert [one.result for one in found] == [RuleResult.FIRED] * fired


@pytest.mark.parametrize(
    ("days", "set_off_hours_ago", "fired"),
    [
        pytest.param('["tuesday"]', None, True, id="the day"),
        pytest.param('["monday", "friday"]', None, False, id="another day"),
        pytest.param('["tuesday"]', 2, False, id="once that day"),
        pytest.param('["tuesday"]', 24 * 7, True, id="a week later"),
    ],
)
def test_a_schedule_sets_a_rule_off_once_a_day(
    days: str, set_off_hours_ago: int | None, *, fired: bool
) -> None:
    rules = make_rules({"on": f"{{ schedule = {days} }}"})
    set_off = (
        {}
        if set_off_hours_ago is None
        else {"R-01": NOW - timedelta(hours=set_off_hours_ago)}
    )
    found = decided(rules, tick(), history=History(last_set_off=set_off))
    assert [one.result for one in found] == [RuleResult.FIRED] * fired


def test_an_event_sets_off_what_means_it_and_brings_no_silence() -> None:
    rules = make_rules(
        {"on": '{ event = { kind = "page_viewed", where = { page = "tarifs" } } }'},
        {"on": '{ event = { kind = "page_viewed", where = { page = "accueil" } } }'},
        {"on": '{ event = { kind = "page_viewed", actor = "person" } }'},
        {"on": '{ silence = { actor = "lead" }, lasting = "1d" }'},
    )
    assert fates(decided(rules)) == [("R-01", RuleResult.FIRED)]


# --- Conditions -------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "given", "result"),
    [
        ('{ known = "score", at_least = 40 }', {"score": 40.0}, RuleResult.FIRED),
        (
            '{ known = "score", at_least = 40 }',
            {"score": 39.9},
            RuleResult.CONDITION_UNMET,
        ),
        ('{ known = "score", at_least = 40 }', {}, RuleResult.CONDITION_UNKNOWN),
        (
            '{ known = "score", at_most = 40 }',
            {"score": 40.1},
            RuleResult.CONDITION_UNMET,
        ),
        ('{ known = "grade", in = ["A", "B"] }', {"grade": Grade.B}, RuleResult.FIRED),
        (
            '{ known = "grade", in = "A" }',
            {"grade": Grade.B},
            RuleResult.CONDITION_UNMET,
        ),
        ('{ known = "grade", not_in = "D" }', {}, RuleResult.CONDITION_UNKNOWN),
        ('{ known = "stage", not_in = "nouveau" }', {}, RuleResult.FIRED),
        ('{ known = "owner", in = "Awa Diallo" }', {}, RuleResult.FIRED),
        (
            '{ known = "priority", in = "basse" }',
            {"priority": Priority.HIGH},
            RuleResult.CONDITION_UNMET,
        ),
    ],
)
def test_a_condition_holds_fails_or_is_unknown(
    condition: str, given: dict[str, Any], result: RuleResult
) -> None:
    rules = make_rules({"when": f"[{condition}]"})
    facts = make_facts(**given)
    decision = Decision(rules, seen(), facts, History(), ASSIGNEES)
    ((_, outcome, _),) = decision.explanations()
    assert outcome.result is result


def test_a_measure_is_held_to_the_usual_delay_of_the_segment() -> None:
    waiting = 'latency = { from = {}, to = { actor = "lead" }, statistic = "pending" }'
    usual = 'at_least_usual = { idea = "silence", times = 3 }'
    rules = make_rules({"when": f"[{{ {waiting}, {usual} }}]"})
    (measure,) = rules.measures

    def result(hours: float, usual_hours: dict[str, float]) -> RuleResult:
        facts = make_facts(measures={measure.name: hours}, usual_hours=usual_hours)
        decision = Decision(rules, seen(), facts, History(), ASSIGNEES)
        ((_, outcome, _),) = decision.explanations()
        return outcome.result

    assert result(30.0, {"silence": 10.0}) is RuleResult.FIRED
    assert result(29.9, {"silence": 10.0}) is RuleResult.CONDITION_UNMET
    assert result(30.0, {}) is RuleResult.CONDITION_UNKNOWN


# --- One winner, allowed sources, force -------------------------------------


def test_one_rule_wins_each_target_and_the_losers_are_told() -> None:
    rules = make_rules(HIGH, {}, {"then": '{ set_priority = "basse" }'})
    outcomes = decided(rules)

    assert fates(outcomes) == [
        ("R-01", RuleResult.FIRED),
        ("R-02", RuleResult.FIRED),
        ("R-03", RuleResult.LOST),
    ]
    assert sentence_of(outcomes[2]) == "Règle R-03 écartée au profit de R-01."


def test_a_rule_that_would_change_nothing_still_keeps_others_from_it() -> None:
    rules = make_rules(HIGH, {"then": '{ set_priority = "basse" }'})
    found = decided(rules, priority=Priority.HIGH)
    assert fates(found) == [("R-01", RuleResult.NO_CHANGE), ("R-02", RuleResult.LOST)]


def test_an_event_of_a_source_that_is_not_allowed_is_recorded() -> None:
    rules = make_rules({"sources": '["crm"]'}, {})
    outcomes = decided(rules)
    assert fates(outcomes) == [
        ("R-01", RuleResult.SOURCE_NOT_ALLOWED),
        ("R-02", RuleResult.FIRED),
    ]
    assert "site" in sentence_of(outcomes[0])


@pytest.mark.parametrize(
    ("overrides", "in_force"),
    [
        pytest.param({"valid_from": "2026-03-10"}, True, id="from today"),
        pytest.param({"valid_from": "2026-03-11"}, False, id="from tomorrow"),
        pytest.param({"valid_to": "2026-03-10"}, True, id="to today"),
        pytest.param({"valid_to": "2026-03-09"}, False, id="to yesterday"),
        pytest.param({"state": '"suspended"'}, False, id="suspended in the file"),
    ],
)
def test_a_rule_is_in_force_on_its_days(
    overrides: dict[str, str], *, in_force: bool
) -> None:
    assert bool(decided(make_rules(overrides))) is in_force


@pytest.mark.parametrize(
    ("history", "result"),
    [
        (History(suspended_rules=frozenset({"R-01"})), RuleResult.SUSPENDED),
        (History(is_suspended=True), RuleResult.LEAD_SUSPENDED),
        (History(open_tasks=frozenset({TaskKind.ATYPICAL})), RuleResult.HELD),
        (History(last_acted={"R-01": NOW - timedelta(days=6)}), RuleResult.TOO_SOON),
        (History(last_acted={"R-01": NOW - timedelta(days=7)}), RuleResult.FIRED),
    ],
)
def test_people_and_quiet_times_stop_a_rule(
    history: History, result: RuleResult
) -> None:
    rules = make_rules({"again_after": '"7d"'})
    assert fates(decided(rules, history=history)) == [("R-01", result)]


# --- Effects ----------------------------------------------------------------


def test_a_task_has_an_owner_a_day_and_a_sentence() -> None:
    outcome = only(decided(make_rules(TASK), owner=None))
    assert outcome.effect is not None
    task = outcome.effect.action
    assert isinstance(task, OpenTask)
    assert (task.owner, task.due_on) == ("Paul Petit", date(2026, 3, 11))
    assert task.why == "Le prospect a visité la page tarifs."

    waiting = History(open_tasks=frozenset({"R-01"}))
    assert (
        only(decided(make_rules(TASK), history=waiting)).result is RuleResult.NO_CHANGE
    )


@pytest.mark.parametrize(
    ("to", "clause"),
    [
        ("negociation_finale", Clause.STAGE_RESERVED),
        ("perdu", Clause.STAGE_RESERVED),
        ("proposition", Clause.STAGE_FREE),
    ],
)
def test_a_move_is_proposed_and_never_made(to: str, clause: Clause) -> None:
    rules = make_rules({"then": f'{{ propose_move = "{to}" }}'})
    effect = only(decided(rules)).effect
    assert effect is not None
    assert isinstance(effect.action, OpenProposal)
    assert (effect.ruling.verdict, effect.ruling.clause) == (Verdict.PROPOSE, clause)

    waiting = History(waiting_moves=frozenset({to}))
    assert only(decided(rules, history=waiting)).result is RuleResult.NO_CHANGE
    assert only(decided(rules, stage=to)).result is RuleResult.NO_CHANGE


def test_a_priority_is_set_but_proposed_after_a_complex_exchange() -> None:
    rules = make_rules(HIGH)
    effect = only(decided(rules)).effect
    assert effect is not None
    assert effect.action == SetPriority(Priority.HIGH)

    proposed = only(decided(rules, after_complex_exchange=True)).effect
    assert proposed is not None
    assert proposed.ruling.verdict is Verdict.PROPOSE
    assert proposed.ruling.clause is Clause.REQUALIFICATION_RESERVED


@pytest.mark.parametrize(
    ("then", "action"),
    [
        ('{ assign = "manager" }', Assign("Paul Petit", "Awa Diallo")),
        ('{ assign = "Léa Roy" }', Assign("Léa Roy", "Awa Diallo")),
        (
            '{ notify = "manager" }',
            Notify("Paul Petit", "Le prospect a visité la page tarifs."),
        ),
    ],
)
def test_people_are_named(then: str, action: object) -> None:
    effect = only(decided(make_rules({"then": then}))).effect
    assert effect is not None
    assert effect.action == action


def test_the_owner_a_lead_has_already_is_no_change() -> None:
    rules = make_rules({"then": '{ assign = "Awa Diallo" }'})
    assert only(decided(rules)).result is RuleResult.NO_CHANGE


def test_effects_carry_their_cause_and_the_same_happening_gives_the_same() -> None:
    first, again = decided(make_rules(TASK)), decided(make_rules(TASK))
    assert first == again
    assert only(first).cause == Cause("E-1", "E-1", 0)


def test_a_chain_that_is_too_deep_stops_and_calls_a_person() -> None:
    deep = seen(cause=Cause("E-0", "x", depth=3))
    outcome = only(decided(make_rules({}), deep))
    assert outcome.result is RuleResult.TOO_DEEP
    assert outcome.effect is not None
    assert isinstance(outcome.effect.action, OpenTask)
    assert outcome.effect.action.kind is TaskKind.CHAIN_TOO_DEEP

    called = History(open_tasks=frozenset({TaskKind.CHAIN_TOO_DEEP}))
    assert only(decided(make_rules({}), deep, history=called)).effect is None
    shallow = replace(deep, cause=Cause("E-0", "x", depth=2))
    assert only(decided(make_rules({}), shallow)).result is RuleResult.FIRED


def test_a_kind_that_no_rule_names_sets_nothing_off() -> None:
    other = seen(make_event(kind="unheard_of", occurred_at=NOW))
    assert decided(make_rules({}, {}), other) == []


@pytest.mark.parametrize("result", RuleResult)
def test_every_fate_has_a_sentence(result: RuleResult) -> None:
    assert result in RESULT
