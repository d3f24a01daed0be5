"""The priority that a person gave or confirmed, and how it stands, as Fiche has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from features.event import Event
from governance.audit.chain import Action
from governance.people.feedback import Standing, last_word
from governance.people.overrides import OverrideKind
from governance.people.principal import PrincipalKind
from serving.audit.reasons_given import words_given
from serving.repositories.audit import Recorded, entries_at
from serving.repositories.leads import LeadSummary
from serving.runtime.service import Service

_GIVING = frozenset(
    {
        Action.PRIORITY_CONTESTED,
        Action.PRIORITY_CONFIRMED,
        Action.PROPOSAL_CLOSED,  # of a priority: confirmed or dismissed
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """`who` None: they are forgotten. `reason`, of the list, and `words` if they gave
    any. `stands`: no new fact questions it."""

    is_confirmed: bool
    who: str | None
    at: datetime
    reason: str | None
    words: str | None
    stands: bool


def given(
    session: Session, service: Service, lead: LeadSummary, log: Sequence[Event]
) -> Given | None:
    """None: the priority is no person's."""
    word = last_word(log)
    if word is None:
        return None
    entries = entries_at(session, lead.id, word.received_at)
    said = next(filter(_gives, entries), None)
    why = words_given(session, [said]).get(said.id) if said else None
    listed = service.judgement.reasons.get(why.reason or "") if why else None
    return Given(
        is_confirmed=word.kind == OverrideKind.PRIORITY_CONFIRMED,
        who=said.who.name if said else None,
        at=word.received_at,
        reason=listed.title if listed else None,
        words=why.text if why else None,
        stands=service.judgement.standing(log) is Standing.STANDS,
    )


def _gives(entry: Recorded) -> bool:
    return entry.who.kind == PrincipalKind.PERSON and entry.action in _GIVING
