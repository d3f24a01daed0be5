"""Why something was done: the first fact, what came just before, and how far along."""

from dataclasses import dataclass
from uuid import UUID, uuid5

# The namespace of the effects' identifiers, so that the same happening, decided again
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
