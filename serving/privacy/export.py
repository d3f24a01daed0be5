"""All that is held of a lead, for the person whom it is: articles 15 and 20."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from features.event import events_of
from features.log import events_of_lead
from serving.audit.trace import Trace, trace_of
from serving.errors import LeadUnknownError
from serving.formats.cloud_event import as_cloud
from serving.privacy.access import note_access
from serving.repositories.leads import find_lead
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
    history = _history(service.settings.history_log, lead_id)
    with service.store.reading() as session:
        lead = find_lead(session, lead_id)
        rows = {} if lead is None else rows_of_lead(session, lead.id)
    if lead is None and not history:
        raise LeadUnknownError(lead_id)
    trace = (
        trace_of(service.store, lead_id, _MOST_ENTRIES) if lead else Trace((), {}, {})
    )
    return LeadExport(lead_id=lead_id, at=now, rows=rows, trace=trace, history=history)


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


def _history(folder: Path | None, lead_id: str) -> list[Row]:
    if folder is None:
        return []
    return [as_cloud(event) for event in events_of(events_of_lead(folder, lead_id))]
