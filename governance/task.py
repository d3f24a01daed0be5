"""A task: what a named person is expected to do, and by when."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class TaskKind(StrEnum):
    """Why a person is called."""

    DECISION_RESERVED = "decision_reservee"  # a proposal waits
    RESERVED_MOVE_OBSERVED = "etape_reservee_observee"  # and no person made it


class ExpectedAction(StrEnum):
    """Company data, hence French."""

    CALL = "appel"
    QUALIFY = "qualification"
    ARBITRATE = "arbitrage"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """`owner` is a name: never nobody (see `owner_of`)."""

    id: UUID
    kind: TaskKind
    owner: str
    expected: ExpectedAction
    due_on: date
    proposal_id: UUID | None = None


def owner_of(lead_owner: str | None, fallback: str) -> str:
    """Who answers for a lead: its owner, else the configured fallback.

    Examples
    --------
    >>> owner_of("Awa Diallo", "Direction commerciale")
    'Awa Diallo'
    >>> owner_of(" ", "Direction commerciale")
    'Direction commerciale'
    """
    return (lead_owner or "").strip() or fallback
