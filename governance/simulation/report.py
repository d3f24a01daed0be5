"""What a simulation shows: what fired, won, lost or looped, and the rate of tasks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from explanations.calendar_fr import paris_day
from governance.policy.task import EXCEPTION_KINDS, TaskKind
from governance.rules.outcome import RuleResult
from governance.simulation.replay import Replayed

SORTS = ("exceptions", "rules", "decisions")  # of tasks
LOOPED = (RuleResult.ECHO, RuleResult.TOO_DEEP, RuleResult.TOO_MANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Leads open at some time of the week, and how many of them were given a task, by
    an exception, by a rule, or to decide on a proposal; `tasks` by any."""

    monday: date
    open_leads: int
    tasks: int
    exceptions: int
    rules: int
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`fates`: rule id → result → how often. `lost`: loser → winner → how often.

    `tasks`: rule id or kind of exception → how many. Weeks in order.
    """

    leads: int
    fates: dict[str, dict[str, int]]
    lost: dict[str, dict[str, int]]
    tasks: dict[str, int]
    echoes: int
    weeks: tuple[Week, ...]

    def share_with_task(self, of: str = "tasks") -> float | None:
        """Of the open leads, those with a task in a week, in [0, 1]; over all weeks."""
        leads = sum(week.open_leads for week in self.weeks)
        return sum(getattr(week, of) for week in self.weeks) / leads if leads else None

    @property
    def looped(self) -> dict[str, int]:
        """How often each sort of loop was stopped."""
        fates = Counter({RuleResult.ECHO.value: self.echoes})
        for of_rule in self.fates.values():
            fates.update(of_rule)
        return {result.value: fates[result.value] for result in LOOPED}

    def as_json(self) -> dict[str, Any]:
        shares = {of: self.share_with_task(of) for of in ("tasks", *SORTS)}
        return asdict(self) | {"looped": self.looped, "share_with_task": shares}


class Tally:
    """Counts as leads come by; what was raised in a week is counted once a lead."""

    def __init__(self) -> None:
        self.leads = 0
        self._fates: Counter[tuple[str, str]] = Counter()
        self._lost: Counter[tuple[str, str]] = Counter()
        self._tasks: Counter[str] = Counter()
        self._echoes = 0
        self._leads: Counter[tuple[date, str]] = Counter()  # by week, and by sort

    def add(self, moments: Sequence[Replayed]) -> None:
        """Count what came of a lead's moments."""
        self.leads += 1
        counted = set()
        for moment in moments:
            self._count(moment)
            sorts = {sort for kind in moment.calls for sort in ("tasks", _sort(kind))}
            monday = _monday(moment.at)
            counted |= {(monday, sort) for sort in ("open_leads", *sorts)}
        self._leads.update(counted)

    def report(self) -> Report:
        return Report(
            leads=self.leads,
            fates=_nested(self._fates),
            lost=_nested(self._lost),
            tasks={of: n for of, n in self._tasks.most_common() if n},
            echoes=self._echoes,
            weeks=tuple(
                self._week(day) for day in sorted({day for day, _ in self._leads})
            ),
        )

    def _count(self, moment: Replayed) -> None:
        for outcome in moment.outcomes:
            if outcome.rule_id is None:  # an echo, or the score's own priority
                self._echoes += outcome.result is RuleResult.ECHO
                continue
            self._fates[outcome.rule_id, outcome.result.value] += 1
            if outcome.winner is not None:
                self._lost[outcome.rule_id, outcome.winner] += 1
            if outcome.opens_task:
                self._tasks[outcome.rule_id] += 1
        self._tasks.update(task.kind.value for task in moment.exceptions)
        decision = TaskKind.DECISION_RESERVED
        self._tasks[decision.value] += [*moment.calls].count(decision)

    def _week(self, monday: date) -> Week:
        sorts = ("open_leads", "tasks", *SORTS)
        return Week(
            monday=monday, **{sort: self._leads[monday, sort] for sort in sorts}
        )


def _sort(kind: TaskKind) -> str:
    if kind is TaskKind.DECISION_RESERVED:
        return "decisions"
    return "exceptions" if kind in EXCEPTION_KINDS else "rules"


def _monday(at: datetime) -> date:
    day = paris_day(at)
    return day - timedelta(days=day.weekday())


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (outer, inner), n in sorted(counts.items()):
        nested.setdefault(outer, {})[inner] = n
    return nested
