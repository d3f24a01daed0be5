"""Why something was done: the first fact, what came just before, and how far along."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from features.event import Event
from governance.audit.chain import SYSTEM
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import AutomaticAction
from governance.policy.policy import Ruling
from governance.policy.task import OpenTask
from governance.rules.rule import Target

# The namespace of the effects' identifiers, so that the same occurrence, decided again
# after a lost race, gives the same effects.
_EFFECTS = UUID("7f1c1f5e-5a0f-4a53-9d5e-0f5a5e0c7a11")


@dataclass(frozen=True, slots=True)
class Cause:
    """`correlation` names the first fact of the chain, `causation` the one before;
    `depth` counts the effects from the first fact on, 0 for that fact itself."""

    correlation: str
    causation: str
    depth: int = 0

    @classmethod
    def first(cls, fact: str) -> "Cause":
        """The cause that is itself the first fact: an event, or a tick."""
        return cls(correlation=fact, causation=fact)

    def next(self, effect: UUID) -> "Cause":
        """What the effect may cause in its turn."""
        return Cause(self.correlation, str(effect), self.depth + 1)

    def effect_id(self, lead_id: str, doer: str) -> UUID:
        """The identifier of what `doer` does to a lead for this cause."""
        return uuid5(
            _EFFECTS, "\n".join((self.correlation, self.causation, lead_id, doer))
        )


class RuleResult(StrEnum):
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
    RuleResult.NOT_IN_FORCE,
    RuleResult.NOT_SET_OFF,
    RuleResult.CONDITION_UNMET,
    RuleResult.CONDITION_UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticEffect:
    """What is to be done, by which ruling; its cause stands in the outcome."""

    id: UUID
    action: AutomaticAction
    ruling: Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`rule_id` is None for an echo: it sets nothing off. `winner` of a LOST one.
    `event`: the one that the chain began with; None: time began it.

    A TOO_DEEP outcome has an effect as well: the task that calls a person, unless one
    is open.
    """

    result: RuleResult
    cause: Cause
    rule_id: str | None = None
    target: Target | None = None
    winner: str | None = None
    source: str | None = None
    effect: AutomaticEffect | None = None
    event: Event | None = None

    @property
    def by(self) -> Principal:
        """The rule; or the system, of what the score alone does."""
        if self.rule_id is None:
            return SYSTEM
        return Principal(PrincipalKind.AUTOMATION, self.rule_id)

    @property
    def opens_task(self) -> bool:
        return self.effect is not None and isinstance(self.effect.action, OpenTask)
