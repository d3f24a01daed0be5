"""Exceptions: one task a kind, a named owner, a sentence why, a day; held meanwhile."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from explanations.score import Doubt, Grade
from governance.errors import ExceptionsError
from governance.policy.task import EXCEPTION_KINDS, ExpectedAction, OpenTask, TaskKind
from governance.rules.exception_cases import (
    EXCEPTIONS_FILE,
    Cases,
    exceptions_raised,
    history_with_tasks,
    read_cases,
)
from governance.rules.history import History
from governance.rules.outcome import Cause
from tests.governance.rule_builders import ASSIGNEES, NOW, make_facts

CAUSE = Cause.first("E-1")
SHIPPED = read_cases()
LATE, SILENT = (one for one in SHIPPED.case if one.kind is TaskKind.UNUSUAL_DELAY)
USUAL = {"reponses": 28.0, "silence": 28.0}


def tasks(history: History = History(), **known: Any) -> list[OpenTask]:  # noqa: B008 - frozen
    return exceptions_raised(SHIPPED, CAUSE, make_facts(**known), history, ASSIGNEES)


def late_reply(hours: float) -> dict[str, float]:
    """A reply of today that took so long."""
    _, since, latency = (condition.measure for condition in LATE.when)
    assert since is not None
    assert latency is not None
    return {since.name: 0.5, latency.name: hours}


def silent_since_a_meeting(days: float) -> dict[str, float]:
    _, since, meetings = (condition.measure for condition in SILENT.when)
    assert since is not None
    assert meetings is not None
    return {since.name: days, meetings.name: 1.0}


def test_every_kind_of_exception_but_a_chain_ships() -> None:
    kinds = {case.kind for case in SHIPPED.case}
    assert kinds == EXCEPTION_KINDS - {TaskKind.CHAIN_TOO_DEEP}


@pytest.mark.parametrize(
    ("known", "kind", "expected"),
    [
        (
            {"doubts": frozenset({Doubt.CONTRADICTORY})},
            TaskKind.CONTRADICTORY,
            ExpectedAction.ARBITRATE,
        ),
        (
            {"doubts": frozenset({Doubt.ATYPICAL, Doubt.OUT_OF_RANGE})},
            TaskKind.ATYPICAL,
            ExpectedAction.QUALIFY,
        ),
        (
            {"doubts": frozenset({Doubt.NO_TRUE_REASON})},
            TaskKind.NO_TRUE_REASON,
            ExpectedAction.QUALIFY,
        ),
        (
            {"clock_ahead_hours": 0.1},
            TaskKind.CLOCK_IN_DOUBT,
            ExpectedAction.QUALIFY,
        ),
        (
            {
                "grade": Grade.B,
                "usual_hours": USUAL,
                "measures": late_reply(70.0),
            },
            TaskKind.UNUSUAL_DELAY,
            ExpectedAction.CALL,
        ),
        (
            {"usual_hours": USUAL, "measures": silent_since_a_meeting(10.5)},
            TaskKind.UNUSUAL_DELAY,
            ExpectedAction.CALL,
        ),
    ],
)
def test_each_exception_calls_a_person_once(
    known: dict[str, Any], kind: TaskKind, expected: ExpectedAction
) -> None:
    (task,) = tasks(**known)
    assert (task.kind, task.expected, task.owner) == (kind, expected, "Awa Diallo")
    assert task.why
    assert task.due_on > date(2026, 3, 10)

    history = history_with_tasks(History(), [task], make_facts())
    assert history.is_held
    assert tasks(history, **known) == []


@pytest.mark.parametrize(
    "known",
    [
        pytest.param({}, id="nothing is known"),
        pytest.param({"doubts": frozenset()}, id="no doubt"),
        pytest.param({"clock_ahead_hours": 0.05}, id="clocks differ by a little"),
        pytest.param(
            {"grade": Grade.B, "usual_hours": USUAL, "measures": late_reply(69.9)},
            id="late, just under",
        ),
        pytest.param(
            {"grade": Grade.D, "usual_hours": USUAL, "measures": late_reply(200.0)},
            id="late, not engaged",
        ),
        pytest.param(
            {"grade": Grade.B, "measures": late_reply(200.0)}, id="no usual delay"
        ),
        pytest.param(
            {
                "stage": "nouveau",
                "usual_hours": USUAL,
                "measures": silent_since_a_meeting(30.0),
            },
            id="silent, but new",
        ),
    ],
)
def test_what_is_not_an_exception_calls_nobody(known: dict[str, Any]) -> None:
    assert tasks(**known) == []


@pytest.mark.parametrize(("days", "again"), [(29, False), (30, True)])
def test_a_person_is_called_again_after_a_while(days: int, *, again: bool) -> None:
    closed = History(last_acted={TaskKind.ATYPICAL: NOW - timedelta(days=days)})
    assert bool(tasks(closed, doubts=frozenset({Doubt.ATYPICAL}))) is again


@pytest.mark.parametrize(
    ("days", "calls"),
    [
        pytest.param(0, False, id="by that very act"),
        pytest.param(29, False, id="lately"),
        pytest.param(30, True, id="long ago"),
    ],
)
@pytest.mark.parametrize(
    "doubt", [Doubt.ATYPICAL, Doubt.CONTRADICTORY, Doubt.NO_TRUE_REASON]
)
def test_who_decides_on_a_lead_settles_what_the_score_doubts(
    doubt: Doubt, days: int, *, calls: bool
) -> None:
    judged = NOW - timedelta(days=days)
    assert bool(tasks(doubts=frozenset({doubt}), judged_at=judged)) is calls


def test_a_decision_settles_neither_a_delay_nor_a_clock() -> None:
    history_with_tasks = tasks(
        grade=Grade.B,
        usual_hours=USUAL,
        measures=late_reply(70.0),
        clock_ahead_hours=0.1,
        judged_at=NOW,
    )
    kinds = [one.kind for one in history_with_tasks]
    assert kinds == [TaskKind.UNUSUAL_DELAY, TaskKind.CLOCK_IN_DOUBT]


@pytest.mark.parametrize(
    ("owner", "manager", "answers"),
    [
        ("Awa Diallo", "Paul Petit", "Awa Diallo"),
        (" ", "Paul Petit", "Paul Petit"),
        (None, None, "Direction commerciale"),
    ],
)
def test_it_is_never_nobody(
    owner: str | None, manager: str | None, answers: str
) -> None:
    facts = make_facts(owner=owner, clock_ahead_hours=1.0)
    assignees = replace(ASSIGNEES, manager=manager)
    (task,) = exceptions_raised(SHIPPED, CAUSE, facts, History(), assignees)
    assert task.owner == answers


def test_a_delay_is_told_beside_the_usual_one() -> None:
    (task,) = tasks(usual_hours=USUAL, measures=silent_since_a_meeting(12.0))
    assert task.why is not None
    assert "depuis 12\u00a0jours, contre 28\u00a0heures" in task.why


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "horloge_douteuse"', 'kind = "regle"', "'regle' is no exception"),
        ("contre {usual}", "contre {mean}", "names {delay} and {usual} only"),
        ("Aucune raison", "{delay}. Aucune raison", "no condition has at_least_usual"),
        ('again_after = "7d"', "", "case 'horloge_douteuse', again_after"),
    ],
)
def test_a_malformed_file_says_where(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = tmp_path / "exceptions.toml"
    text = EXCEPTIONS_FILE.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ExceptionsError, match=r"line \d+: case ") as caught:
        read_cases(path)
    assert told in str(caught.value)


def test_no_case_is_allowed() -> None:
    cases = Cases(version=1)
    assert exceptions_raised(cases, CAUSE, make_facts(), History(), ASSIGNEES) == []
