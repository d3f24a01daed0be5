"""Statements of people on a lead: an event of our own in the log, and an audit row.

The free text stays in the event; the audit holds the event's id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import orjson
from pydantic import JsonValue

from features.free_text import is_blank
from governance.audit.chain import Action, AuditEntry, AuditFields, Subject, SubjectKind
from governance.leads.state import LeadState
from governance.people.feedback import Judgement, judges_priority
from governance.people.overrides import OWN_SOURCE, own_event
from governance.people.principal import Principal
from serving.audit.trace import StatedReason
from serving.errors import LeadUnknownError, PersonRequiredError, RequestInvalidError
from serving.repositories.persons import Person
from serving.runtime.service import Service
from serving.transaction.plan import Plan, Seen, Wish
from serving.transaction.unit_of_work import record

_OLDEST_NOTE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A person's statement: `about` is the event's data, `before` and `after` the
    audit's.

    `id` is the event's; `at` when it was made, if that was before it is recorded.
    """

    action: Action  # the event's kind as well
    by: Principal
    about: Mapping[str, JsonValue]
    why: StatedReason | None = None
    before: AuditFields | None = None
    after: AuditFields | None = None
    id: UUID
    at: datetime | None = None


def checked(
    judgement: Judgement, why: StatedReason, *, confirms: bool = False
) -> StatedReason:
    """A justification whose reason the list has, one that agrees only to confirm with;
    raises RequestInvalidError."""
    reason = judgement.reasons.get(why.reason or "")
    if reason is None or (reason.agrees and not confirms):
        listed = judgement.reasons.items()
        allowed = [name for name, known in listed if confirms or not known.agrees]
        raise RequestInvalidError("reason", "enum", allowed)
    if reason.needs_text and is_blank(why.text):
        raise RequestInvalidError("text", "missing")
    return StatedReason(
        reason=why.reason, text=None if is_blank(why.text) else why.text
    )


def with_statement(
    plan: Plan, lead: LeadState, statement: Statement, now: datetime
) -> Plan:
    """The plan, and the statement with it; raises PersonRequiredError."""
    if not statement.by.is_person:
        raise PersonRequiredError
    why, kind = statement.why, statement.action.value
    data = {**statement.about, **(why.data if why else {})}
    event = own_event(statement.id, lead.lead_id, kind, statement.by, data, now)
    event = replace(event, occurred_at=statement.at or now)
    reason = {"reason": why.reason} if why and why.reason is not None else {}
    entry = AuditEntry(
        id=statement.id,
        action=statement.action,
        by=statement.by,
        subject=Subject(SubjectKind.LEAD, lead.id),
        lead=lead.id,
        before=statement.before,
        after=statement.after,
        why={"event": event.event_id, **reason},
    )
    judges = {lead.lead_id: statement.id} if judges_priority(event) else {}
    return replace(
        plan,
        arrivals=(*plan.arrivals, event),
        entries=(*plan.entries, (lead.lead_id, entry)),
        settled_by={**plan.settled_by, **judges},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldNote:
    """A note on a lead; `tone` from -2 to 2. `key` None: it is sent only once."""

    lead_id: str
    by: Person
    tone: int | None
    objections: tuple[str, ...]
    text: str | None
    taken_at: datetime | None
    key: str | None = None

    @property
    def about(self) -> dict[str, JsonValue]:
        """What was filled in, as the event has it."""
        fields: dict[str, JsonValue] = {
            "tone": self.tone,
            "objections": list(self.objections) or None,
            "text": self.text,
        }
        return {name: value for name, value in fields.items() if value is not None}


def add_note(service: Service, note: FieldNote, now: datetime) -> UUID:
    """Record a note, once; returns the event's id.

    Raises
    ------
    RequestInvalidError
        If it is empty, or an objection isn't of the list.
    LeadUnknownError
    """
    if set(note.objections) - service.judgement.objections:
        allowed = sorted(service.judgement.objections)
        raise RequestInvalidError("objections", "enum", allowed)
    if not note.about:
        raise RequestInvalidError("text", "missing")
    statement = Statement(
        id=_event_id(note),
        action=Action.NOTE_ADDED,
        by=note.by.principal,
        about=note.about,
        at=_taken_at(note, now),
    )

    def plan(seen: Seen) -> Plan:
        lead = seen.leads.get(note.lead_id)
        if lead is None:
            raise LeadUnknownError(note.lead_id)
        is_known = bool(seen.pairs)  # it was sent before
        return Plan() if is_known else with_statement(Plan(), lead, statement, now)

    wish = Wish(
        lead_ids=frozenset({note.lead_id}),
        plan=plan,
        pairs=frozenset({(OWN_SOURCE, str(statement.id))}),
    )
    record(service, wish, now)
    return statement.id


def _event_id(note: FieldNote) -> UUID:
    """The same person's same note with the same key has the same id, for good."""
    if note.key is None:
        return uuid4()
    sent = [note.key, note.lead_id, note.about]
    return uuid5(note.by.id, orjson.dumps(sent, option=orjson.OPT_SORT_KEYS).decode())


def _taken_at(note: FieldNote, now: datetime) -> datetime | None:
    """When a note was taken, if its device's clock can be right."""
    at = note.taken_at
    return at if at is not None and now - _OLDEST_NOTE < at <= now else None
