"""All that is held of a lead, for the person whom it is: articles 15 and 20."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from features.event import events_of
from features.log import Location, events_of_lead
from serving.audit.trace import Trace, trace_of
from serving.errors import LeadUnknownError
from serving.formats.cloud_event import as_cloud
from serving.privacy.access import note_access
from serving.repositories.leads import find_lead, whole_of
from serving.repositories.persons import Person
from serving.repositories.privacy.accesses import AccessKind
from serving.repositories.privacy.personal_data import rows_of_lead
from serving.runtime.service import Service

_MOST_ENTRIES = 1_000_000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadExport:
    """`rows` by table; `trace`: who did what, and why; `history`: what the log of
    before the service has."""

    lead_id: str
    at: datetime
    rows: Mapping[str, Sequence[Row]]
    trace: Trace
    history: Sequence[Row]

    def content(self) -> dict[str, Any]:
        """As JSON is made of it."""
        return {
            "lead_id": self.lead_id,
            "exported_at": self.at,
            **self.rows,
            "audit": [
                {
                    "at": entry.at,
                    "who": entry.who.name or entry.who.kind,
                    "action": entry.action,
                    "before": entry.before,
                    "after": entry.after,
                    "why": entry.why,
                    "stated": words.data if words else None,
                }
                for entry in self.trace.entries
                for words in [self.trace.reasons.get(entry.id)]
            ],
            "history": self.history,
        }


def export_of(service: Service, lead_id: str, now: datetime) -> LeadExport:
    """Everything, in one view of the store; raises LeadUnknownError."""
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
        names = whole_of(session, lead_id)
        rows = _rows(session, names)
    history = _history(service.settings.history_log, names or [lead_id])
    if lead is None and not history:
        raise LeadUnknownError(lead_id)
    trace = Trace((), {}, {})
    for name in names:
        trace = _both(trace, trace_of(service.store, name, _MOST_ENTRIES))
    return LeadExport(lead_id=lead_id, at=now, rows=rows, trace=trace, history=history)


def _rows(session: Session, names: Sequence[str]) -> dict[str, list[Row]]:
    """The rows of leads that are one."""
    every: dict[str, list[Row]] = {}
    for name in names:
        lead = find_lead(session, name)
        found = rows_of_lead(session, lead.id) if lead else {}
        for table, rows in found.items():
            every.setdefault(table, []).extend(rows)
    return every


def _both(one: Trace, other: Trace) -> Trace:
    return Trace(
        (*one.entries, *other.entries),
        {**one.events, **other.events},
        {**one.reasons, **other.reasons},
        {**one.vouched, **other.vouched},
    )


def exported(
    service: Service, lead_id: str, person: Person, now: datetime
) -> LeadExport:
    """The export that a person makes, which is noted, but for a lead that the history
    log alone has; raises LeadUnknownError."""
    export = export_of(service, lead_id, now)
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
    if lead is not None:
        note_access(service.store, lead.id, person, AccessKind.EXPORT, now)
    return export


def _history(history: Location | None, names: Sequence[str]) -> list[Row]:
    if history is None:
        return []
    return [
        as_cloud(event)
        for name in names
        for event in events_of(events_of_lead(history, name))
    ]
