"""How a lead ended, when and by whom: what its page says first."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy.orm import Session

from governance.audit.chain import Action
from governance.people.principal import PrincipalKind
from governance.policy.pipeline import Pipeline, StageRole
from serving.console.lead.timeline import ACTOR
from serving.console.page.format_fr import ended_by
from serving.repositories.audit import Told, last_entry
from serving.repositories.leads import LeadSummary
from serving.repositories.principals import principals_named

_MOVES = (Action.STAGE_MOVED, Action.STAGE_OBSERVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """`at` is None where nobody knows; `by` follows it in a sentence, or is empty."""

    is_won: bool
    at: datetime | None
    by: str


def ended(session: Session, lead: LeadSummary, pipeline: Pipeline) -> Ended | None:
    """None: the lead is open."""
    stage = pipeline.by_name.get(lead.stage)  # None: it has left the file
    if stage is None or not stage.closes:
        return None
    entry = last_entry(session, lead.id, _MOVES)
    return Ended(
        is_won=stage.role is StageRole.WON,
        at=lead.stage_at,
        by="" if entry is None else _by(session, entry),
    )


def _by(session: Session, entry: Told) -> str:
    who = principals_named(session, [entry.who]).get(entry.who)
    if entry.action == Action.STAGE_OBSERVED:
        source = who.name if who else None
        return ended_by(ACTOR[orjson.loads(entry.why)["actor"]], source)
    is_person = who is not None and who.kind is PrincipalKind.PERSON
    return ended_by(who.name if who and is_person else None, None)
