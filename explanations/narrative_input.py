"""Input of a narrative: what there is to tell of one score, whatever the words."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from explanations.reason import Direction
from explanations.score import (
    Doubt,
    Ending,
    Grade,
    Priority,
    TextedReason,
    TextedStep,
)

NEAR_BASE = 3.0  # points: nothing sets such a lead apart (design §6.6)


@dataclass(frozen=True, kw_only=True)
class NarrativeInput:
    """What there is to tell of one score.

    `score` and `base` in points (0 to 100); `reasons` strongest first, at least
    within each way. No `previous_priority`: none was ever written. `closed`: how
    a lead whose outcome is known ended. `by_person`: a person's word gave the priority,
    which no reason of the score explains. `is_settled`: a person has decided on the
    lead, so that its doubts ask for nobody.
    """

    priority: Priority
    previous_priority: Priority | None
    grade: Grade
    score: float
    base: float
    reasons: tuple[TextedReason, ...]
    doubts: tuple[Doubt, ...]
    moment: datetime
    steps: tuple[TextedStep, ...] = ()
    closed: Ending | None = None
    by_person: bool = False
    is_settled: bool = False

    def texts(self, way: Direction) -> tuple[str, ...]:
        return tuple(texted.text for texted in self.reasons if texted.reason.way is way)

    @property
    def main_way(self) -> Direction | None:
        """The way of the reasons that would account for the priority, if it has one."""
        if self.priority is Priority.HIGH:
            return Direction.UP
        if self.priority is Priority.LOW:
            return Direction.DOWN
        return {Priority.HIGH: Direction.DOWN, Priority.LOW: Direction.UP}.get(
            self.previous_priority or Priority.NORMAL
        )

    @property
    def awaits_judgement(self) -> bool:
        return bool(self.doubts) and not self.is_settled

    @property
    def is_ordinary(self) -> bool:
        return not self.reasons and abs(self.score - self.base) <= NEAR_BASE

    @property
    def ordinary(self) -> str:
        """The message of such a lead; « rien ne le distingue » suits no priority that
        sets it apart."""
        return "ordinary" if self.priority is Priority.NORMAL else "placed"

    @cached_property
    def strongest(self) -> list[TextedReason]:
        """The reasons, strongest first."""
        return sorted(self.reasons, key=lambda texted: -abs(texted.reason.log_odds))

    @cached_property
    def leading(self) -> list[TextedReason]:
        """The reasons to act on: those of the main way, else of the strongest one's."""
        strongest = self.strongest
        way = self.main_way or (strongest[0].reason.way if strongest else None)
        return [texted for texted in strongest if texted.reason.way is way]
