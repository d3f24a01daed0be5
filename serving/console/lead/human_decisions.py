"""What people decided of a lead, and how its stage is known, as Fiche shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy.orm import Session

from features.event import Event
from governance.audit.chain import Action
from governance.leads.state import stage_told
from governance.people.assurance import Assurance, Vouched, vouched_of
from governance.people.feedback import Judgement, OverrideStanding, last_word
from governance.people.overrides import OverrideKind
from governance.people.principal import PrincipalKind
from governance.policy.pipeline import Pipeline, StageRole
from serving.audit.trace import stated_reasons
from serving.console.lead.timeline import ACTOR
from serving.console.page.format_fr import ended_by
from serving.http.messages_fr import signed_name
from serving.repositories.audit import AuditSummary, entries_at, last_entry
from serving.repositories.decisions import SignedStage, last_signed
from serving.repositories.leads import LeadSummary
from serving.repositories.principals import principals_named

_MOVES = (Action.STAGE_MOVED, Action.STAGE_OBSERVED)
_GIVING = (  # a proposal of a priority is confirmed or dismissed
    Action.PRIORITY_CONTESTED,
    Action.PRIORITY_CONFIRMED,
    Action.PROPOSAL_CLOSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadEnding:
    """`at` is None where nobody knows; `by` follows it in a sentence, or is empty."""

    is_won: bool
    at: datetime | None
    by: str


def lead_ending(
    session: Session, lead: LeadSummary, pipeline: Pipeline
) -> LeadEnding | None:
    """None: the lead is open."""
    stage = pipeline.by_name.get(lead.stage)  # None: it has left the file
    if stage is None or not stage.closes:
        return None
    entry = last_entry(session, lead.id, _MOVES)
    return LeadEnding(
        is_won=stage.role is StageRole.WON,
        at=lead.stage_at,
        by="" if entry is None else _ended_by(session, entry),
    )


def _ended_by(session: Session, entry: AuditSummary) -> str:
    who = principals_named(session, [entry.who]).get(entry.who)
    if entry.action == Action.STAGE_OBSERVED:
        source, why = who.name if who else None, orjson.loads(entry.why)
        is_asked = "assurance" in why  # of a history nobody asks
        return ended_by(None if is_asked else ACTOR[why["actor"]], source)
    if who is None:
        return ""
    is_machine = who.kind in {PrincipalKind.INTEGRATION, PrincipalKind.AUTOMATION}
    return ended_by(None if is_machine else signed_name(who.name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStanding:
    """How the lead's stage is known. `is_to_confirm`: it is reserved, and nobody known
    brought the lead there. `vouched`: who brought it to `vouched_stage`, by a key's
    word. `observed`: where the CRM says that it is, against that or what a person
    `signed`."""

    is_to_confirm: bool
    vouched: Vouched | None
    vouched_stage: str | None
    observed: str | None
    signed: SignedStage | None


def stage_standing(
    session: Session, lead: LeadSummary, pipeline: Pipeline, log: Sequence[Event]
) -> StageStanding | None:
    """None: there is nothing to say of it."""
    word = lead.vouched_stage
    telling = (event for event in log if stage_told(event, pipeline) == word)
    known = [vouched for event in telling if (vouched := vouched_of(event))]
    is_vouched = lead.stage_assurance == Assurance.VOUCHED or lead.observed_stage
    has_signed = lead.observed_stage and word is None
    standing = StageStanding(
        is_to_confirm=lead.is_to_confirm(pipeline),
        vouched=known[-1] if is_vouched and known else None,
        vouched_stage=word,
        observed=lead.observed_stage,
        signed=last_signed(session, lead.id) if has_signed else None,
    )
    says = standing.is_to_confirm or standing.vouched or standing.observed
    return standing if says else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanPriority:
    """`who` None: they are forgotten. `reason`, of the list, and `words` if they gave
    any. `stands`: no new fact questions it."""

    is_confirmed: bool
    who: str | None
    at: datetime
    reason: str | None
    words: str | None
    stands: bool


def human_priority(
    session: Session, judgement: Judgement, lead: LeadSummary, log: Sequence[Event]
) -> HumanPriority | None:
    """None: no person gave the lead its priority."""
    word = last_word(log)
    if word is None:
        return None
    entries = entries_at(session, lead.id, word.received_at)
    by_people = (e for e in entries if e.who.kind == PrincipalKind.PERSON)
    entry = next((e for e in by_people if e.action in _GIVING), None)
    why = stated_reasons(session, [entry]).get(entry.id) if entry else None
    listed = judgement.reasons.get(why.reason or "") if why else None
    return HumanPriority(
        is_confirmed=word.kind == OverrideKind.PRIORITY_CONFIRMED,
        who=entry.who.name if entry else None,
        at=word.received_at,
        reason=listed.title if listed else None,
        words=why.text if why else None,
        stands=judgement.standing(log) is OverrideStanding.STANDS,
    )
