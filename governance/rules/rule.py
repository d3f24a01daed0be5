"""A rule: what sets it off, what must be known, and what it then does."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from explanations.score import Priority
from features.catalogue import Duration, Signal
from features.selector import Names, Selector, Strict, duration_days
from governance.policy.task import ExpectedAction
from governance.rules.condition import Condition
from governance.rules.trigger import EventSeen, Scheduled, Silence, Trigger

Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=400,
        pattern=r"^\P{Cc}*$",  # on one line, and printable
    ),
]


class RuleState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Target(StrEnum):
    """What of a lead an action writes: each has one winner."""

    PRIORITY = "priority"
    STAGE = "stage"
    OWNER = "owner"
    TASK = "task"
    NOTICE = "notice"


class Recipient(StrEnum):
    OWNER = "owner"
    MANAGER = "manager"


# --- Actions ----------------------------------------------------------------


class TaskWanted(Strict):
    expected: ExpectedAction
    working_days: Annotated[int, Field(ge=0, le=60)]


class Action(Strict):
    """One of the closed set. `assign` names a person, or says the manager."""

    set_priority: Priority | None = None
    create_task: TaskWanted | None = None
    propose_move: Text | None = None
    notify: Recipient | None = None
    assign: Text | Recipient | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Action":
        names = type(self).model_fields
        written = [name for name in names if getattr(self, name)]
        if len(written) != 1:
            raise ValueError(f"needs one action of {', '.join(names)}: {written}")
        return self

    @property
    def target(self) -> Target:
        if self.set_priority is not None:
            return Target.PRIORITY
        if self.create_task is not None:
            return Target.TASK
        if self.propose_move is not None:
            return Target.STAGE
        return Target.NOTICE if self.notify is not None else Target.OWNER


# --- The rule ---------------------------------------------------------------


class Rule(Strict):
    """`priority` 1 comes first. `why` is the French sentence that people read.

    No `sources`: events of any source set it off. It is valid from `valid_from` to
    `valid_to`, days in Paris, both included. `again_after` keeps it quiet on a lead
    for so long once it has acted there.
    """

    id: Annotated[str, Field(pattern=r"^R-[0-9]{2,4}$")]
    title: Text
    why: Text
    owner: Text
    priority: Annotated[int, Field(ge=1, le=1000)]
    on: Trigger
    when: tuple[Condition, ...] = ()
    then: Action
    sources: Names = ()
    valid_from: date | None = None
    valid_to: date | None = None
    state: RuleState = RuleState.ACTIVE
    again_after: Duration | None = None

    @model_validator(mode="before")
    @classmethod
    def _kind_of_trigger(cls, fields: Any) -> Any:
        """The trigger's kind shows by its key."""
        on = fields.get("on") if isinstance(fields, dict) else None
        if not isinstance(on, dict) or "kind" in on:
            return fields
        kinds = [kind for kind in ("event", "silence", "schedule") if kind in on]
        if "score" in on and isinstance(on["score"], dict):
            kinds, on = [*kinds, "score"], on["score"]
        if len(kinds) != 1:
            raise ValueError("on: needs one of event, score, silence, schedule")
        return fields | {"on": {**on, "kind": kinds[0]}}

    @model_validator(mode="after")
    def _is_sound(self) -> "Rule":
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to comes before valid_from")
        if any(condition.asks_doubts for condition in self.when):
            raise ValueError("doubts are for exceptions: a person judges them")
        return self

    @property
    def target(self) -> Target:
        return self.then.target

    @property
    def measures(self) -> tuple[Signal, ...]:
        """The signals that it needs to know."""
        asked = [condition.measure for condition in self.when]
        silence = self.on.measure if isinstance(self.on, Silence) else None
        return tuple(signal for signal in (*asked, silence) if signal is not None)

    def is_in_force(self, day: date) -> bool:
        """Active, and valid on that day in Paris."""
        return (
            self.state is RuleState.ACTIVE
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )

    def allows(self, source: str) -> bool:
        return not self.sources or source in self.sources

    @property
    def quiet(self) -> timedelta:
        days = 0.0 if self.again_after is None else duration_days(self.again_after)
        return timedelta(days=days)

    def can_coincide(self, other: "Rule") -> bool:
        """Can one occurrence set both off? If in doubt, yes."""
        if self.state is not RuleState.ACTIVE or other.state is not RuleState.ACTIVE:
            return False
        if not _days_overlap(self, other):
            return False
        match self.on, other.on:
            case EventSeen(event=selector), EventSeen(event=another):
                return _share_a_source(self, other) and _overlap(selector, another)
            case (EventSeen(), Silence() | Scheduled()) | (
                Silence() | Scheduled(),
                EventSeen(),
            ):
                return False  # a tick brings no event
            case Scheduled(schedule=days), Scheduled(schedule=others):
                return not set(days).isdisjoint(others)
            case _:
                return True  # an event or a tick may move the score


def _share_a_source(rule: Rule, other: Rule) -> bool:
    either_is_open = not rule.sources or not other.sources
    return either_is_open or bool(set(rule.sources) & set(other.sources))


def _days_overlap(rule: Rule, other: Rule) -> bool:
    first, last = date.min, date.max
    starts = max(rule.valid_from or first, other.valid_from or first)
    return starts <= min(rule.valid_to or last, other.valid_to or last)


def _overlap(selector: Selector, other: Selector) -> bool:
    """By kind and actor; fields may be lists, which hold several values at once."""
    actors, others = set(selector.actor), set(other.actor)
    actors_meet = not actors or not others or actors & others
    return bool(set(selector.kind) & set(other.kind) and actors_meet)
