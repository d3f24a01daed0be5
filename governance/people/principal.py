"""Who is asking, and by what means."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from features.event import Actor

PROOF_LASTS = timedelta(hours=1)  # for a reserved decision; OpenID's max_age


class PrincipalKind(StrEnum):
    PERSON = "person"
    INTEGRATION = "integration"  # an API key
    AUTOMATION = "automation"  # a rule
    BREAK_GLASS = "break_glass"  # an administrator in an emergency; no person decided


class Means(StrEnum):
    """How somebody came to ask."""

    CONSOLE = "console"  # a session
    API_TOKEN = "api_token"  # a person's own
    API_KEY = "api_key"
    COMMAND_LINE = "command_line"
    SERVICE = "service"  # Frein itself


@dataclass(frozen=True, slots=True)
class Principal:
    """`name` is a person's name, a key's id or a rule's id: never empty.

    By whatever means somebody asks, it is the same principal. `decides`: the settings
    let this emergency access decide what is reserved for people. `proven_at`: when a
    person who signed in last proved who they are.
    """

    kind: PrincipalKind
    name: str
    means: Means = field(default=Means.SERVICE, compare=False)
    decides: bool = field(default=False, compare=False)
    proven_at: datetime | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a principal has a name")

    @property
    def is_person(self) -> bool:
        return self.kind is PrincipalKind.PERSON

    @property
    def signs(self) -> bool:
        """May this principal sign what is reserved for people?"""
        return self.is_person or self.decides

    def is_proven(self, now: datetime) -> bool:
        """Did a person who signed in prove who they are within the hour?"""
        if not self.is_person or self.means is Means.SERVICE:
            return True  # nobody signed in
        return self.proven_at is not None and now - self.proven_at < PROOF_LASTS

    @property
    def actor(self) -> Actor:
        """How the log calls what this principal does."""
        return Actor.PERSON if self.is_person else Actor.AUTOMATION


_BREAK_GLASS = "break-glass "


def break_glass_of(login: str, *, decides: bool = False) -> Principal:
    """An administrator who breaks the glass: never the person of that account."""
    return Principal(
        PrincipalKind.BREAK_GLASS,
        f"{_BREAK_GLASS}{login}",
        Means.COMMAND_LINE,
        decides=decides,
    )


def broken_by(name: str) -> str | None:
    """The login in a name that `break_glass_of` gives; None: another name.

    >>> broken_by(break_glass_of("zoe").name), broken_by("Awa Diallo")
    ('zoe', None)
    """
    is_so = name.startswith(_BREAK_GLASS)
    return name.removeprefix(_BREAK_GLASS) if is_so else None
