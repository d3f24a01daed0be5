"""Schemas of the audit of a lead."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, JsonValue

from serving.audit.trace import StatedReason, Trace
from serving.formats.cloud_event import VouchedShown
from serving.formats.schema import Shown
from serving.repositories.audit import AuditRecord, Who
from serving.repositories.events import LoggedEvent


class WhoShown(Shown, Who):
    pass


class SubjectShown(Shown):
    kind: str
    id: Annotated[str, BeforeValidator(str)]


class FactShown(Shown, LoggedEvent):
    pass


class CauseShown(Shown):
    """`causation` is the entry, `event` the fact, that this one follows from."""

    correlation: UUID
    causation: UUID | None
    event: FactShown | None
    depth: int


class WordsShown(Shown, StatedReason):
    """Why it was done: a reason of the list, and words. The audit itself has none."""


class EntryShown(Shown):
    seq: int
    id: UUID
    at: datetime
    who: WhoShown
    means: str | None
    action: str
    subject: SubjectShown
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None
    why: dict[str, JsonValue]
    words: WordsShown | None
    vouched: VouchedShown | None
    cause: CauseShown
    hash: str


class AuditShown(Shown):
    entries: list[EntryShown]


def audit_shown(trace: Trace) -> AuditShown:
    """The entries of a trace, each with the event and the words behind it."""
    return AuditShown(entries=[_entry(entry, trace) for entry in trace.entries])


def _entry(entry: AuditRecord, trace: Trace) -> EntryShown:
    event = None if entry.cause.event is None else trace.events.get(entry.cause.event)
    return EntryShown.model_validate(
        asdict(entry)
        | {"cause": asdict(entry.cause) | {"event": event}}
        | {"words": trace.reasons.get(entry.id)}
        | {"vouched": trace.vouched.get(entry.id)}
    )
