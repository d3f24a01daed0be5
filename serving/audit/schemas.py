"""Schemas of the audit of a lead."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, JsonValue

from serving.formats.schema import Shown


class WhoShown(Shown):
    kind: str
    id: UUID
    name: str | None  # null once it was forgotten


class SubjectShown(Shown):
    kind: str
    id: Annotated[str, BeforeValidator(str)]


class FactShown(Shown):
    source: str
    event_id: str
    kind: str
    occurred_at: datetime


class CauseShown(Shown):
    """`causation` is the entry, `event` the fact, that this one follows from."""

    correlation: UUID
    causation: UUID | None
    event: FactShown | None
    depth: int


class WordsShown(Shown):
    """Why it was done: a reason of the list, and words. The audit itself has none."""

    reason: str | None
    text: str | None


class EntryShown(Shown):
    seq: int
    id: UUID
    at: datetime
    who: WhoShown
    action: str
    subject: SubjectShown
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None
    why: dict[str, JsonValue]
    words: WordsShown | None
    cause: CauseShown
    hash: str


class AuditShown(Shown):
    entries: list[EntryShown]
