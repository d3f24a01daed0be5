"""What follows for a lead from what happened: rules first, then exceptions. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.policy.task import OpenTask
from governance.rules.cascade import unfold
from governance.rules.context import Setting
from governance.rules.engine import Happening
from governance.rules.exception_cases import called, raised
from governance.rules.facts import Facts
from governance.rules.history import History
from governance.rules.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """In order; and how lead and history stand thereafter."""

    facts: Facts
    history: History
    outcomes: tuple[Outcome, ...] = ()
    exceptions: tuple[OpenTask, ...] = ()


def follow(
    setting: Setting, happenings: Sequence[Happening], facts: Facts, history: History
) -> Consequences:
    """What follows from one moment's happenings (one at the least), in their order."""
    outcomes: list[Outcome] = []
    for happening in happenings:
        done = unfold(setting.rules, happening, facts, history, setting.desk)
        facts, history = done.facts, done.history
        outcomes += done.outcomes
    tasks = raised(setting.cases, happenings[-1].cause, facts, history, setting.desk)
    if tasks:
        history = called(history, tasks, facts)
    return Consequences(
        outcomes=tuple(outcomes),
        exceptions=tuple(tasks),
        facts=facts,
        history=history,
    )
