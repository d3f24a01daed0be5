"""A lead replayed: its priority goes by the score, unless a person said otherwise."""

from datetime import timedelta

from explanations.score import Priority
from explanations.scorer import ScorerFacts
from features.event import Actor, Event
from governance.leads.automation_context import AutomationContext
from governance.people.feedback import read_judgement
from governance.policy.task import TaskKind
from governance.rules.exception_cases import Cases
from governance.simulation.replay import LeadReplay, Observed, Replayed
from tests.factories import make_event
from tests.governance.rule_builders import ASSIGNEES, NOW, make_rules

FACTS = ScorerFacts(
    horizon_days=60,
    slope=1,
    intercept=0,
    codes={},
    usual_delay_hours={},
    grade_cuts=(40, 20, 10),
    priority_cuts=(30, 10),
    typical_from=-9,
    score_range=(1, 90),
)
CONTEXT = AutomationContext(
    rules=make_rules({}),
    cases=Cases(version=1),
    assignees=ASSIGNEES,
    scorer=FACTS,
    judgement=read_judgement(),
)


def said(kind: str, hour: int, **about: str) -> Event:
    at = NOW + timedelta(hours=hour)
    return make_event(
        event_id=kind,
        source="frein",
        kind=kind,
        occurred_at=at,
        received_at=at,
        actor=Actor.PERSON,
        data=about,
    )


def looked(lead: LeadReplay, hour: int, score: float) -> Replayed:
    return lead.step(observed(hour, score))


def observed(hour: int, score: float) -> Observed:
    at = NOW + timedelta(hours=hour)
    return Observed(at=at, events=(), measures={}, score=score)


def test_the_priority_follows_the_score_s_band() -> None:
    lead = LeadReplay("L-1", CONTEXT)
    for hour, score, priority in (
        (0, 20.0, Priority.NORMAL),
        (1, 32.0, Priority.NORMAL),  # not 3 points past the cut
        (2, 34.0, Priority.HIGH),
    ):
        assert not [*looked(lead, hour, score).calls]
        assert lead.state.priority is priority


def test_a_person_s_word_stands_until_new_facts_and_then_another_is_proposed() -> None:
    lead = LeadReplay("L-1", CONTEXT)
    looked(lead, 0, 20.0)
    lead.learn(said("priority_contested", 1, priority="basse"))
    assert not [*looked(lead, 2, 50.0).calls]
    assert lead.state.priority is Priority.LOW

    at = NOW + timedelta(hours=3)
    lead.learn(make_event(kind="email_replied", occurred_at=at, received_at=at))
    proposed = looked(lead, 4, 50.0)
    assert [*proposed.calls] == [TaskKind.DECISION_RESERVED]
    assert lead.state.priority is Priority.LOW
    assert not [*looked(lead, 5, 50.0).calls]  # one proposal waits


def test_a_decision_is_known_as_in_the_service() -> None:
    lead = LeadReplay("L-1", CONTEXT)
    lead.learn(said("note_added", 1, tone="1"))
    assert lead.facts_at(observed(1, 20.0)).judged_at is None
    lead.learn(said("stage_changed", 2, to="qualifie"))
    assert lead.facts_at(observed(3, 20.0)).judged_at == NOW + timedelta(hours=2)
