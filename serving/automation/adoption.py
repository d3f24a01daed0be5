"""Adoption: the use that people make of the system, by week, idea and rule."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import orjson

from explanations.calendar_fr import PARIS, paris_day
from governance.audit.chain import Action
from governance.people.disagreement import By, Disagreement
from governance.policy.effects import ProposalStatus
from serving.automation.override_report import disagreement
from serving.database.engine import Store
from serving.repositories.audit import AuditSummary, audit_summaries
from serving.repositories.scores import openings_since

WEEKS = 12


class Use(StrEnum):
    """What people do with what they read."""

    OPENED = "opened"  # a reason, to see its evidence
    CONFIRMED = "confirmed"  # a priority
    CONTESTED = "contested"
    SUSPENDED = "suspended"  # automation, on a lead or of a rule
    DECIDED = "decided"  # a proposal, either way
    EXPIRED = "expired"  # a proposal that nobody decided in time


_ACTIONS = {
    Action.PRIORITY_CONFIRMED: Use.CONFIRMED,
    Action.PRIORITY_CONTESTED: Use.CONTESTED,
    Action.AUTOMATION_SUSPENDED: Use.SUSPENDED,
    Action.RULE_SUSPENDED: Use.SUSPENDED,
}
_DECISIONS = {
    ProposalStatus.CONFIRMED.value: Use.DECIDED,
    ProposalStatus.DISMISSED.value: Use.DECIDED,
    ProposalStatus.DECIDED_IN_CRM.value: Use.DECIDED,
    ProposalStatus.EXPIRED.value: Use.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Week:
    """From `monday` on; what is not in `counts` didn't happen."""

    monday: date
    counts: Counter[Use]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """The last WEEKS weeks, the oldest first; `opened` by idea, the most opened first.

    `judged` tells by idea and rule how often people said no, and of how many words.
    """

    weeks: tuple[Week, ...]
    opened: tuple[tuple[str, int], ...]
    judged: tuple[Disagreement, ...]

    @property
    def is_empty(self) -> bool:
        return not any(week.counts for week in self.weeks)


def week_of(at: datetime) -> date:
    """The Monday of an instant's week, in Paris.

    >>> from datetime import UTC
    >>> week_of(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)).isoformat()
    '2026-11-23'
    """
    today = paris_day(at)
    return today - timedelta(days=today.weekday())


def adoption(store: Store, now: datetime) -> Adoption:
    last = week_of(now)
    mondays = [last - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    since = datetime.combine(mondays[0], time(), PARIS)
    with store.reading() as session:
        openings = openings_since(session, mondays[0])
        entries = list(audit_summaries(session, (*_ACTIONS, Action.PROPOSAL_CLOSED)))
    counts = Counter(
        (week_of(entry.at), use)
        for entry in entries
        if entry.at >= since and (use := _use(entry)) is not None
    )
    opened: Counter[str] = Counter()
    for (monday, idea), number in openings.items():
        opened[idea] += number
        counts[monday, Use.OPENED] += number
    return Adoption(
        weeks=tuple(_week(monday, counts) for monday in mondays),
        opened=tuple(opened.most_common()),
        judged=tuple(
            opinions
            for opinions in disagreement(store, None, since)
            if opinions.by in {By.IDEA, By.RULE}
        ),
    )


def _week(monday: date, counts: Counter[tuple[date, Use]]) -> Week:
    return Week(monday, +Counter({use: counts[monday, use] for use in Use}))


def _use(entry: AuditSummary) -> Use | None:
    use = _ACTIONS.get(Action(entry.action))
    if use is not None:
        return use
    return _DECISIONS.get(orjson.loads(entry.after or "{}").get("status"))
