"""What became of a rule that something set off: recorded, whatever it was."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from governance.cause import Cause
from governance.executor import AutomaticAction
from governance.policy import Ruling
from governance.rule import Target
from governance.task import OpenTask


class Fate(StrEnum):
    """The first one has effects; those up to ECHO are recorded; the rest explain."""

    FIRED = "fired"
    REFUSED = "refused"  # by the policy
    LOST = "lost"  # another rule writes the same thing, and comes first
    SOURCE_NOT_ALLOWED = "source_not_allowed"
    SUSPENDED = "suspended"  # the rule, by a person
    LEAD_SUSPENDED = "lead_suspended"  # automation on the lead, by a person
    HELD = "held"  # an exception of the lead waits for a person
    TOO_SOON = "too_soon"  # the rule acted here lately
    NO_CHANGE = "no_change"  # it is so already
    BARELY_MOVED = "barely_moved"  # by under 3 points: the score isn't written
    TOO_DEEP = "too_deep"  # a chain of effects: a person is called
    TOO_MANY = "too_many"  # writes on this lead within an hour
    ECHO = "echo"  # our own write, come back

    NOT_IN_FORCE = "not_in_force"
    NOT_SET_OFF = "not_set_off"
    CONDITION_UNMET = "condition_unmet"
    CONDITION_UNKNOWN = "condition_unknown"

    @property
    def is_recorded(self) -> bool:
        return self not in _ONLY_EXPLAINED


_ONLY_EXPLAINED = {
    Fate.NOT_IN_FORCE,
    Fate.NOT_SET_OFF,
    Fate.CONDITION_UNMET,
    Fate.CONDITION_UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What is to be done, by which ruling; its cause stands in the outcome."""

    id: UUID
    action: AutomaticAction
    ruling: Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`rule_id` is None for an echo: it sets nothing off. `winner` of a LOST one.

    A TOO_DEEP outcome has an effect as well: the task that calls a person, unless one
    is open.
    """

    fate: Fate
    cause: Cause
    rule_id: str | None = None
    target: Target | None = None
    winner: str | None = None
    source: str | None = None
    effect: Effect | None = None

    @property
    def opens_task(self) -> bool:
        return self.effect is not None and isinstance(self.effect.action, OpenTask)
