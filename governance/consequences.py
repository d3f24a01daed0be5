"""What follows for a lead from what happened: rules first, then exceptions. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.chain import unfold
from governance.engine import Happening
from governance.exceptions import called, raised
from governance.facts import Facts
from governance.history import History
from governance.outcome import Outcome
from governance.setting import Setting
from governance.task import OpenTask


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
