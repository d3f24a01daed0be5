"""A task: what a named person is expected to do, and by when."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class TaskKind(StrEnum):
    """Why a person is called."""

    DECISION_RESERVED = "decision_reservee"  # a proposal waits
    RESERVED_MOVE_OBSERVED = "etape_reservee_observee"  # by nobody known
    DECISION_CONTRADICTED = "decision_contredite"  # another system says otherwise
    RULE = "regle"
    CHAIN_TOO_DEEP = "enchainement_trop_long"
    UNUSUAL_DELAY = "delai_inhabituel"
    CONTRADICTORY = "signaux_contradictoires"
    ATYPICAL = "ligne_atypique"
    NO_TRUE_REASON = "aucune_raison_verifiee"
    CLOCK_IN_DOUBT = "horloge_douteuse"
    GLASS_BROKEN = "acces_de_secours"


# While one of these is open, automation on the lead stops.
EXCEPTION_KINDS = frozenset(
    {
        TaskKind.CHAIN_TOO_DEEP,
        TaskKind.UNUSUAL_DELAY,
        TaskKind.CONTRADICTORY,
        TaskKind.ATYPICAL,
        TaskKind.NO_TRUE_REASON,
        TaskKind.CLOCK_IN_DOUBT,
    }
)


# These stay though the lead's open life ends: a person is to look.
STAYING_KINDS = frozenset({TaskKind.GLASS_BROKEN})


class ExpectedAction(StrEnum):
    """Company data, hence French."""

    CALL = "appel"
    QUALIFY = "qualification"
    ARBITRATE = "arbitrage"


class TaskStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """`owner` is a name: never nobody (see `owner_of`). `why` is a French sentence.

    `rule_id` is that of a task of kind RULE.
    """

    id: UUID
    kind: TaskKind
    owner: str
    expected: ExpectedAction
    due_on: date
    proposal_id: UUID | None = None
    why: str | None = None
    rule_id: str | None = None

    @property
    def opened_by(self) -> str | None:
        """The rule, or the kind of exception: a lead has one open task of each.

        None for the others, which are as many as the facts that call for them.
        """
        return self.kind.value if self.kind in EXCEPTION_KINDS else self.rule_id


def owner_of(lead_owner: str | None, fallback: str, manager: str | None = None) -> str:
    """Who answers for a lead: its owner, else the manager, else the fallback.

    Examples
    --------
    >>> owner_of("Awa Diallo", "Direction commerciale")
    'Awa Diallo'
    >>> owner_of(" ", "Direction commerciale", manager="Paul Petit")
    'Paul Petit'
    >>> owner_of(None, "Direction commerciale")
    'Direction commerciale'
    """
    return (lead_owner or "").strip() or (manager or "").strip() or fallback
