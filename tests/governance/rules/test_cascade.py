"""Chains, echoes and loops end, and nothing reserved is applied."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explanations.score import Priority
from features.event import Actor
from governance.policy.actions import Assign, MoveStage, SetPriority, admit
from governance.policy.policy import Clause, Verdict
from governance.rules.cascade import cascade
from governance.rules.engine import MOST_DEPTH, Occurrence
from governance.rules.history import History, Write
from governance.rules.outcome import Cause, Outcome, RuleResult
from governance.rules.rule import Target
from governance.rules.ruleset import Rules
from tests.budgets import examples
from tests.factories import make_event
from tests.governance.rule_builders import (
    ASSIGNEES,
    NOW,
    PIPELINE,
    make_facts,
    make_rules,
    seen,
    tick,
)

SET = '{{ event = {{ kind = "priority_set", where = {{ to = "{}" }} }} }}'
LOOP = (
    {"then": '{ set_priority = "elevee" }'},
    {"on": SET.format("elevee"), "then": '{ set_priority = "basse" }'},
    {"on": SET.format("basse"), "then": '{ set_priority = "elevee" }'},
)


def test_rules_that_set_each_other_off_stop_and_call_a_person() -> None:
    done = cascade(make_rules(*LOOP), seen(), make_facts(), History(), ASSIGNEES)

    assert [one.result for one in done.outcomes] == [RuleResult.FIRED] * 3 + [
        RuleResult.TOO_DEEP
    ]
    assert [one.cause.depth for one in done.outcomes] == [0, 1, 2, MOST_DEPTH]
    assert {one.cause.correlation for one in done.outcomes} == {"E-1"}
    assert "enchainement_trop_long" in done.history.open_tasks
    assert done.history.is_held


def test_each_effect_is_the_cause_of_the_next() -> None:
    done = cascade(make_rules(*LOOP), seen(), make_facts(), History(), ASSIGNEES)
    effects = [one.effect for one in done.outcomes if one.effect]
    causes = [one.cause.causation for one in done.outcomes]
    assert causes == ["E-1", *(str(effect.id) for effect in effects[:3])]


WROTE = Write(Target.PRIORITY, "elevee", NOW - timedelta(hours=1), Cause("E", "E", 1))


@pytest.mark.parametrize(
    ("event", "is_echo"),
    [
        pytest.param({}, True, id="it comes back"),
        pytest.param({"kind": "attributes_set"}, False, id="as an attribute: no value"),
        pytest.param(
            {"kind": "attributes_set", "data": {"priority": "elevee"}},
            True,
            id="as an attribute",
        ),
        pytest.param({"data": {"to": "basse"}}, False, id="another value"),
        pytest.param({"actor": Actor.PERSON}, False, id="a person did it"),
        pytest.param({"source": "frein"}, False, id="our own log"),
        pytest.param({"at": 22.9}, True, id="within a day"),
        pytest.param({"at": 23.1}, False, id="a day later"),
    ],
)
def test_an_own_write_that_comes_back_is_an_echo(
    event: dict[str, Any], *, is_echo: bool
) -> None:
    at = NOW + timedelta(hours=event.pop("at", 0))
    told = make_event(
        **{
            "kind": "priority_set",
            "data": {"to": "elevee"},
            "source": "crm",
            "actor": Actor.AUTOMATION,
            "occurred_at": at,
        }
        | event
    )
    history = History(writes=(WROTE,))
    done = cascade(
        make_rules(*LOOP), seen(told), make_facts(now=at), history, ASSIGNEES
    )
    assert (RuleResult.ECHO in {one.result for one in done.outcomes}) is is_echo


def test_two_integrations_that_echo_each_other_make_no_loop() -> None:
    """Each sends back what we wrote, and what the other then set against it."""
    rules = make_rules(
        {"on": SET.format("basse"), "then": '{ set_priority = "elevee" }'},
        {"on": SET.format("elevee"), "then": '{ set_priority = "basse" }'},
        top="version = 1\nmost_writes_per_hour = 4",
    )
    facts, history = make_facts(), History()
    recorded: list[list[Outcome]] = []
    for n in range(1000):
        now = NOW + timedelta(seconds=n)
        event = make_event(
            event_id=f"E-{n}",
            source=("crm", "erp")[n % 2],
            kind="priority_set",
            actor=Actor.AUTOMATION,
            data={"to": ("basse", "elevee")[n // 2 % 2]},
            occurred_at=now,
        )
        facts = replace(facts, now=now, priority=Priority(str(event.data["to"])))
        done = cascade(rules, seen(event), facts, history, ASSIGNEES)
        facts, history = done.facts, replace(done.history, open_tasks=frozenset())
        recorded.append(list(done.outcomes))

    fates = Counter(one.result for some in recorded for one in some)
    assert all(recorded)
    assert fates[RuleResult.FIRED] <= 4
    assert fates[RuleResult.ECHO] + fates[RuleResult.TOO_MANY] >= 990


def test_too_many_writes_within_an_hour_stop() -> None:
    rules = make_rules({}, top="version = 1\nmost_writes_per_hour = 2")
    history, fates = History(), []
    for minutes in (0, 1, 2, 61):
        now = NOW + timedelta(minutes=minutes)
        event = make_event(event_id=f"E-{minutes}", occurred_at=now)
        done = cascade(rules, seen(event), make_facts(now=now), history, ASSIGNEES)
        history = done.history
        fates += [one.result for one in done.outcomes]
    assert fates == [
        RuleResult.FIRED,
        RuleResult.FIRED,
        RuleResult.TOO_MANY,
        RuleResult.FIRED,
    ]


def test_the_score_written_follows_only_by_three_points() -> None:
    rules, history = make_rules({}), History()
    written = []
    for score in (40.0, 42.0, 43.0, 41.0):
        done = cascade(rules, tick(), make_facts(score=score), history, ASSIGNEES)
        history = done.history
        written.append(history.score_written)
    assert written == [40.0, 40.0, 43.0, 43.0]


ACTIONS = st.sampled_from(
    [
        *(f'{{ propose_move = "{stage.name}" }}' for stage in PIPELINE.stage),
        *(f'{{ set_priority = "{priority.value}" }}' for priority in Priority),
        '{ create_task = { expected = "arbitrage", working_days = 1 } }',
        '{ assign = "manager" }',
        '{ assign = "Léa Roy" }',
        '{ notify = "owner" }',
    ]
)
TRIGGERS = st.sampled_from(
    [
        '{ event = { kind = "page_viewed" } }',
        '{ event = { kind = ["priority_set", "attributes_set"] } }',
        '{ schedule = ["tuesday"] }',
        "{ score = { rises_by = 3 } }",
    ]
)
SETS = st.lists(
    st.fixed_dictionaries({"on": TRIGGERS, "then": ACTIONS}), min_size=1, max_size=5
).map(lambda each: make_rules(*each))
HAPPENINGS = st.sampled_from([seen(), tick()])


@settings(deadline=None, max_examples=examples(150))
@given(
    rules=SETS,
    occurrence=HAPPENINGS,
    stage=st.sampled_from([stage.name for stage in PIPELINE.stage]),
    score=st.none() | st.floats(0, 100),
    complex_exchange=st.booleans(),
    owner=st.none() | st.just("Awa Diallo"),
)
def test_no_reserved_change_is_ever_applied(
    rules: Rules,
    occurrence: Occurrence,
    stage: str,
    score: float | None,
    complex_exchange: bool,
    owner: str | None,
) -> None:
    facts = make_facts(
        stage=stage,
        score=score,
        owner=owner,
        after_complex_exchange=complex_exchange,
        priority=Priority.NORMAL,
    )
    done = cascade(rules, occurrence, facts, History(score_written=50.0), ASSIGNEES)

    assert done.facts.stage == stage
    for outcome in done.outcomes:
        assert outcome.cause.correlation
        effect = outcome.effect
        assert (effect is not None) >= (outcome.result is RuleResult.FIRED)
        if effect is None:
            continue
        admit(effect.action, PIPELINE)
        assert not isinstance(effect.action, MoveStage)
        assert getattr(effect.action, "owner", "somebody")
        if isinstance(effect.action, SetPriority):
            assert not complex_exchange
        if effect.ruling.verdict is Verdict.APPLY:
            assert effect.ruling.clause not in {
                Clause.STAGE_RESERVED,
                Clause.REQUALIFICATION_RESERVED,
            }
        if isinstance(effect.action, Assign):
            assert effect.action.to
