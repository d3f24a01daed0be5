"""What is known of a lead at a moment: all that a rule or an exception may ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from explanations.score import Doubt, Grade, Priority
from governance.people.feedback import OverrideStanding


class KnownFact(StrEnum):
    """The facts that a condition names outright; the others it measures."""

    SCORE = "score"  # points, 0 to 100
    GRADE = "grade"
    PRIORITY = "priority"
    STAGE = "stage"
    OWNER = "owner"
    DOUBT = "doubt"
    CLOCK_AHEAD_HOURS = "clock_ahead_hours"


NUMBERS = frozenset({KnownFact.SCORE, KnownFact.CLOCK_AHEAD_HOURS})
Value = float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A lead at `now`. What is None, or absent from a mapping, is unknown.

    `score` in points; `doubts` are those of the score, None while it isn't explained.
    `clock_ahead_hours`: by how much an event of the lead came before it happened.
    `measures` are named by `Measure.name`; `usual_hours` are the delays of the lead's
    segment, by idea. `after_complex_exchange`: and no person has acted since.
    `standing`: how a person's word on the priority stands. `judged_at`: when a person
    last decided anything here.
    """

    lead_id: str
    now: datetime
    stage: str
    owner: str | None = None
    priority: Priority | None = None
    score: float | None = None
    grade: Grade | None = None
    doubts: frozenset[Doubt] | None = None
    clock_ahead_hours: float | None = None
    measures: Mapping[str, Value] = field(default_factory=dict)
    usual_hours: Mapping[str, float] = field(default_factory=dict)
    after_complex_exchange: bool = False
    standing: OverrideStanding = OverrideStanding.NONE
    judged_at: datetime | None = None

    def number(self, known: KnownFact) -> float | None:
        """A fact that is a number."""
        value: float | None = getattr(self, known) if known in NUMBERS else None
        return value

    def names(self, known: KnownFact) -> Iterable[str] | None:
        """A fact that is a name, or several."""
        if known is KnownFact.DOUBT:
            return self.doubts
        name: str | None = None if known in NUMBERS else getattr(self, known)
        return None if name is None else (name,)
