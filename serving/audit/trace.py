"""Trace of a lead: what was done, from each effect back to the event that began it, and
the reasons that people stated. Their words stand beside the audit, which has none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy.orm import InstrumentedAttribute, Session

from governance.audit.chain import Action
from governance.people.assurance import Assurance, Vouched
from governance.people.overrides import OWN_SOURCE
from serving.database.engine import Store
from serving.database.tables import (
    BreakGlassRow,
    ConcessionRow,
    DecisionRow,
    ProposalRow,
    SuspensionRow,
    TaskRow,
)
from serving.errors import LeadUnknownError
from serving.repositories.audit import AuditRecord, entries_about
from serving.repositories.events import (
    LoggedEvent,
    data_of,
    logged_events,
    vouched_events,
)
from serving.repositories.leads import find_lead
from serving.repositories.rows import texts_by_id

_SAID = (  # their events hold the words
    Action.NOTE_ADDED,
    Action.PRIORITY_CONTESTED,
    Action.PRIORITY_CONFIRMED,
    Action.STATUS_ADJUSTED,
    Action.AUTOMATION_SUSPENDED,
)
_WRITTEN: Mapping[
    Action, InstrumentedAttribute[str] | InstrumentedAttribute[str | None]
] = {  # by the subject's id
    Action.STAGE_MOVED: DecisionRow.reason,
    Action.CONCESSION_GRANTED: ConcessionRow.reason,
    Action.PROPOSAL_OPENED: ProposalRow.reason,
    Action.PROPOSAL_CLOSED: ProposalRow.decision_reason,
    Action.TASK_CLOSED: TaskRow.close_reason,
    Action.RULE_SUSPENDED: SuspensionRow.words,
    Action.GLASS_BROKEN: BreakGlassRow.reason,
}


@dataclass(frozen=True)  # no slots: its schema inherits it
class StatedReason:
    """A reason of the short list, and words of one's own: one of them at least."""

    reason: str | None
    text: str | None

    @property
    def data(self) -> dict[str, JsonValue]:
        """What of the two was given, as an event's data."""
        parts = {"reason": self.reason, "text": self.text}
        return {name: part for name, part in parts.items() if part}


@dataclass(frozen=True, slots=True)
class Trace:
    """Entries, the oldest first; the events of the log that they follow from, by row;
    the reasons that people stated with them, and whom a key names as the doer, by
    entry."""

    entries: Sequence[AuditRecord]
    events: Mapping[int, LoggedEvent]
    reasons: Mapping[UUID, StatedReason]
    vouched: Mapping[UUID, Vouched] = field(default_factory=dict)

    def beginnings(self) -> list[AuditRecord]:
        """The entries that follow from no other."""
        known = {entry.id for entry in self.entries}
        return [entry for entry in self.entries if entry.cause.causation not in known]

    def following(self, cause: UUID) -> list[AuditRecord]:
        """The entries that follow from this one directly."""
        return [entry for entry in self.entries if entry.cause.causation == cause]


def trace_of(store: Store, lead_id: str, limit: int) -> Trace:
    """The last `limit` entries on a lead with their causes; raises LeadUnknownError."""
    with store.reading() as session:
        lead = find_lead(session, lead_id)
        if lead is None:
            raise LeadUnknownError(lead_id)
        entries = entries_about(session, lead.id, limit)
        rows = [e.cause.event for e in entries if e.cause.event is not None]
        events = logged_events(session, rows)
        return Trace(
            entries,
            events,
            stated_reasons(session, entries),
            _vouched(session, entries),
        )


def _vouched(session: Session, entries: Iterable[AuditRecord]) -> dict[UUID, Vouched]:
    """Whom a key names as the doer; the audit itself has no name."""
    declared = {
        entry.id: entry.cause.event
        for entry in entries
        if entry.why.get("assurance") == Assurance.VOUCHED
        and entry.cause.event is not None
    }
    known = vouched_events(session, declared.values()) if declared else {}
    return {id: known[row] for id, row in declared.items() if row in known}


def stated_reasons(
    session: Session, entries: Sequence[AuditRecord]
) -> dict[UUID, StatedReason]:
    """The reasons that entries come with, by entry. The words of one act that did
    several things stand once: where they come first."""
    stated = {
        **_of_events(session, entries),
        **_of_rows(session, entries),
    }
    said: set[tuple[datetime, UUID, str | None]] = set()
    for entry in entries:
        if entry.id not in stated:
            continue
        act, words = (entry.at, entry.who.id), stated[entry.id]
        if words.reason is None and (*act, words.text) in said:
            del stated[entry.id]
        said |= {(*act, words.reason), (*act, words.text)}
    return stated


def _of_events(
    session: Session, entries: Iterable[AuditRecord]
) -> dict[UUID, StatedReason]:
    own = {(OWN_SOURCE, str(e.id)): e.id for e in entries if e.action in _SAID}
    data = {own[pair]: data for pair, data in data_of(session, own).items()}
    stated = {
        entry: StatedReason(_text(about.get("reason")), _text(about.get("text")))
        for entry, about in data.items()
    }
    return {id: words for id, words in stated.items() if words.reason or words.text}


def _of_rows(
    session: Session, entries: Iterable[AuditRecord]
) -> dict[UUID, StatedReason]:
    """A rule's suspension has a reason too, and isn't the entry's subject."""
    stated = {}
    for action, column in _WRITTEN.items():
        written = [entry for entry in entries if entry.action == action]
        ids = [UUID(str(e.why.get("suspension", e.subject.id))) for e in written]
        texts = texts_by_id(session, column, ids) if ids else {}
        for entry, row_id in zip(written, ids, strict=True):
            reason = _text(entry.why.get("reason") or entry.why.get("lost_reason"))
            if reason or row_id in texts:
                stated[entry.id] = StatedReason(reason, texts.get(row_id))
    return stated


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None
