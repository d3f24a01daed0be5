"""What sets a rule off: an event, a moving score, a silence, or a day of the week."""

from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, model_validator

from explanations.scorer import PAST_THE_CUT
from features.catalogue import Duration, Signal
from features.selector import Selector, Strict, duration_days
from governance.rules.condition import measure_of


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @classmethod
    def of(cls, day: date) -> "Weekday":
        return list(cls)[day.weekday()]


class EventSeen(Strict):
    """An event of the lead arrives; `after` is a condition's affair."""

    kind: Literal["event"] = "event"
    event: Selector

    @model_validator(mode="after")
    def _looks_at_one_event(self) -> "EventSeen":
        if self.event.after is not None:
            raise ValueError("a trigger looks at one event: put `after` in `when`")
        if not self.event.kind:
            raise ValueError("a trigger names the kind of event")
        return self


class ScoreMoved(Strict):
    """The score rises or falls by so many points, or passes a level (in points)."""

    kind: Literal["score"] = "score"
    # Under 3 points a score has not moved (DESIGN §5).
    rises_by: Annotated[float, Field(ge=PAST_THE_CUT, le=100)] | None = None
    falls_by: Annotated[float, Field(ge=PAST_THE_CUT, le=100)] | None = None
    rises_to: Annotated[float, Field(gt=0, le=100)] | None = None
    falls_to: Annotated[float, Field(ge=0, lt=100)] | None = None

    @model_validator(mode="after")
    def _says_how(self) -> "ScoreMoved":
        tests = (self.rises_by, self.falls_by, self.rises_to, self.falls_to)
        if sum(test is not None for test in tests) != 1:
            raise ValueError("needs one of rises_by, falls_by, rises_to, falls_to")
        return self

    def is_met(self, before: float, after: float) -> bool:
        """Did the score, from `before` to `after`, move so?"""
        if self.rises_by is not None:
            return after - before >= self.rises_by
        if self.falls_by is not None:
            return before - after >= self.falls_by
        if self.rises_to is not None:
            return before < self.rises_to <= after
        assert self.falls_to is not None
        return after <= self.falls_to < before


class Silence(Strict):
    """No such event for so long: once for each silence."""

    kind: Literal["silence"] = "silence"
    silence: Selector
    lasting: Duration

    @cached_property
    def days(self) -> float:
        return duration_days(self.lasting)

    @cached_property
    def measure(self) -> Signal:
        aggregate = {"days_since_last": self.silence.model_dump(mode="json")}
        return Signal.model_validate(measure_of(aggregate))


class Scheduled(Strict):
    """On these days of the week, as they are in Paris: once a day."""

    kind: Literal["schedule"] = "schedule"
    schedule: Annotated[tuple[Weekday, ...], Field(min_length=1)]


Trigger = Annotated[
    EventSeen | ScoreMoved | Silence | Scheduled, Field(discriminator="kind")
]
