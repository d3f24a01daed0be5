"""Who is asking."""

from dataclasses import dataclass
from enum import StrEnum

from features.event import Actor


class PrincipalKind(StrEnum):
    PERSON = "person"
    INTEGRATION = "integration"  # an API key
    AUTOMATION = "automation"  # a rule


@dataclass(frozen=True, slots=True)
class Principal:
    """`name` is a person's name, a key's id or a rule's id: never empty."""

    kind: PrincipalKind
    name: str

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a principal has a name")

    @property
    def is_person(self) -> bool:
        return self.kind is PrincipalKind.PERSON

    @property
    def actor(self) -> Actor:
        """How the log calls what this principal does."""
        return Actor.PERSON if self.is_person else Actor.AUTOMATION
