"""Notes from the field: the tone of an exchange, objections heard, and words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import orjson
from pydantic import JsonValue

from governance.audit.chain import Action
from serving.decisions.statement import Statement, record_statement
from serving.errors import RequestInvalidError
from serving.repositories.persons import Person
from serving.runtime.service import Service

_OLDEST_NOTE = timedelta(days=30)


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
    """Record a note; returns the event's id.

    Raises
    ------
    RequestInvalidError
        If it is empty, or an objection isn't of the list.
    LeadUnknownError
    """
    if set(note.objections) - service.judgement.objections:
        raise RequestInvalidError("objections", "enum")
    if not note.about:
        raise RequestInvalidError("text", "missing")
    statement = Statement(
        id=_event_id(note),
        action=Action.NOTE_ADDED,
        by=note.by.principal,
        about=note.about,
        at=_taken_at(note, now),
    )
    return record_statement(service, note.lead_id, statement, now)


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
