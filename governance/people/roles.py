"""The people: what each may do here, and whose leads they see."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Company data, hence French."""

    SALES = "commercial"
    MANAGER = "manager"
    ANALYST = "analyste"
    ADMIN = "admin"


# Those who decide on a lead; an analyst reads.
DECIDERS = frozenset({Role.SALES, Role.MANAGER, Role.ADMIN})
MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
ANALYSTS = frozenset({Role.ANALYST, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Visibility:
    """Which leads are seen: those of some owners, and maybe those of nobody.

    `owners` None: every lead.

    Examples
    --------
    >>> mine = Visibility(frozenset({"Awa Diallo"}))
    >>> mine.reaches("Awa Diallo"), mine.reaches("Paul Petit"), mine.reaches(None)
    (True, False, False)
    >>> EVERYTHING.reaches("Paul Petit"), EVERYTHING.reaches(None)
    (True, True)
    """

    owners: frozenset[str] | None
    unowned: bool = False

    def reaches(self, owner: str | None) -> bool:
        if self.owners is None:
            return True
        return self.unowned if owner is None else owner in self.owners


EVERYTHING = Visibility(None, unowned=True)


def visibility_of(role: Role, name: str, team: frozenset[str]) -> Visibility:
    """What a person sees; `team` are the names of the team, their own among them.

    A lead of nobody is the managers' to hand out.
    """
    match role:
        case Role.SALES:
            return Visibility(frozenset({name}))
        case Role.MANAGER:
            return Visibility(team | {name}, unowned=True)
        case Role.ANALYST | Role.ADMIN:
            return EVERYTHING
