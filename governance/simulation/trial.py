"""Trial of a rule: what it would have done lately, beside those that are active."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.policy.actions import AutomaticAction
from governance.simulation.report import Report

TRIED_ON = timedelta(days=30)
MOST_TOUCHES = 2_000  # kept of a trial: some hundred kilobytes
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Touch:
    """What a rule would have done to a lead, and when."""

    lead_id: str
    at: datetime
    action: AutomaticAction


@dataclass(frozen=True, slots=True)
class Trial:
    """What would have come of a rule, beside the others that are active.

    `touches`: the latest MOST_TOUCHES, the latest first.
    """

    rule_id: str
    report: Report
    touches: Sequence[Touch] = ()

    def touches_on(self, leads: Collection[str]) -> list[Touch]:
        """Those on some leads, the latest first."""
        return [touch for touch in self.touches if touch.lead_id in leads]

    @property
    def fates(self) -> dict[str, int]:
        """How often each, by the value of the result."""
        return self.report.fates.get(self.rule_id, {})

    @property
    def lost(self) -> dict[str, int]:
        """How often to each other rule."""
        return self.report.lost.get(self.rule_id, {})

    @property
    def won(self) -> dict[str, int]:
        """How often over each other rule."""
        return {
            loser: winners[self.rule_id]
            for loser, winners in self.report.lost.items()
            if self.rule_id in winners
        }

    @property
    def tasks_per_week(self) -> float:
        return self.report.tasks.get(self.rule_id, 0) * (_WEEK / TRIED_ON)
