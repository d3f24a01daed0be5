"""Exceptions: what calls a person to a lead, each once, with a named owner. Pure.

A case is a condition over known facts: a doubt of the score, a delay that is unusual in
the lead's segment, a clock that can't be right. While its task is open, automation on
that lead stops. The thresholds are data (`exceptions.toml`).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from features.catalogue import Duration, Signal
from features.selector import Kinds, Strict, duration_days
from governance.errors import ExceptionsError
from governance.policy.business_days import due_date
from governance.policy.task import EXCEPTION_KINDS, ExpectedAction, OpenTask, TaskKind
from governance.rules.actions import Assignees
from governance.rules.condition import Condition, truth_of
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.messages_fr import delay
from governance.rules.outcome import Cause
from governance.rules.rule import Text
from governance.toml_file import read_toml

EXCEPTIONS_FILE = Path(__file__).with_name("exceptions.toml")


class Case(Strict):
    """What calls a person: `why` is the French sentence that says so.

    It may name {delay} and {usual}: how long it took, and what is usual in the lead's
    segment, as the condition with `at_least_usual` has them. For `again_after` the case
    calls nobody to the same lead again; one that is `settled_by_decision` does not
    either for so long after a person decided anything there: they have seen it.
    """

    kind: TaskKind
    why: Text
    expected: ExpectedAction
    working_days: Annotated[int, Field(ge=0, le=60)]
    again_after: Duration
    settled_by_decision: bool = False
    when: Annotated[tuple[Condition, ...], Field(min_length=1)]

    @field_validator("kind")
    @classmethod
    def _is_an_exception(cls, kind: TaskKind) -> TaskKind:
        if kind not in EXCEPTION_KINDS:
            named = ", ".join(sorted(EXCEPTION_KINDS))
            raise ValueError(f"{kind.value!r} is no exception; there are {named}")
        return kind

    @model_validator(mode="after")
    def _says_what_it_knows(self) -> "Case":
        named = {name for _, name, _, _ in Formatter().parse(self.why) if name}
        if named - {"delay", "usual"}:
            raise ValueError("why: names {delay} and {usual} only")
        if named and not any(condition.at_least_usual for condition in self.when):
            raise ValueError("why: no condition has at_least_usual, so no {delay}")
        return self

    @property
    def quiet(self) -> timedelta:
        return timedelta(days=duration_days(self.again_after))

    def sentence(self, facts: Facts) -> str:
        """Why a person is called, of a lead for which the case holds."""
        for condition in self.when:
            value, usual = condition.number(facts), condition.at_least_usual
            if usual is not None and value is not None:
                lasted, usually = condition.hours(value), facts.usual_hours[usual.idea]
                return self.why.format(delay=delay(lasted), usual=delay(usually))
        return self.why


class Cases(Strict):
    """A version of the cases; `kinds` as for rules."""

    version: Annotated[int, Field(ge=1)]
    kinds: Kinds = ()
    case: tuple[Case, ...] = ()

    @property
    def measures(self) -> tuple[Signal, ...]:
        """The signals that the cases need to know."""
        every = (condition.measure for case in self.case for condition in case.when)
        return tuple(measure for measure in every if measure is not None)

    @property
    def named_kinds(self) -> frozenset[str]:
        """The kinds of event that some case names."""
        return frozenset(self.kinds).union(*(m.kinds for m in self.measures))

    @property
    def settled_kinds(self) -> frozenset[TaskKind]:
        """The kinds that a person's decision on the lead settles."""
        return frozenset(case.kind for case in self.case if case.settled_by_decision)

    def are_settled(self, judged_at: datetime | None, now: datetime) -> bool:
        """Does a person's decision settle what a score doubts, as yet?"""
        if judged_at is None:
            return False
        lasting = [case.quiet for case in self.case if case.settled_by_decision]
        return bool(lasting) and now - judged_at < min(lasting)


def read_cases(path: Path = EXCEPTIONS_FILE) -> Cases:
    """Read a file of cases.

    Raises ExceptionsError: the file, the line and the case, and what is wrong.
    """
    return read_toml(path, Cases, "case", ExceptionsError)


def exceptions_raised(
    cases: Cases, cause: Cause, facts: Facts, history: History, assignees: Assignees
) -> list[OpenTask]:
    """The tasks that the facts call for: one a kind, and none that is open already."""
    tasks: dict[TaskKind, OpenTask] = {}
    for case in cases.case:
        if case.kind not in tasks and _calls(case, facts, history):
            tasks[case.kind] = OpenTask(
                id=cause.effect_id(facts.lead_id, case.kind),
                kind=case.kind,
                owner=assignees.owner(facts),
                expected=case.expected,
                due_on=due_date(facts.now, case.working_days),
                why=case.sentence(facts),
            )
    return list(tasks.values())


def history_with_tasks(
    history: History, tasks: Iterable[OpenTask], facts: Facts
) -> History:
    """The history once these tasks are open: automation is held."""
    kinds = frozenset(task.kind.value for task in tasks)
    return replace(
        history,
        open_tasks=history.open_tasks | kinds,
        last_acted={**history.last_acted, **dict.fromkeys(kinds, facts.now)},
    )


def _calls(case: Case, facts: Facts, history: History) -> bool:
    if case.kind in history.open_tasks:
        return False
    seen_at = [
        history.last_acted.get(case.kind),
        facts.judged_at if case.settled_by_decision else None,
    ]
    if any(at is not None and facts.now - at < case.quiet for at in seen_at):
        return False
    return truth_of(case.when, facts) is True
