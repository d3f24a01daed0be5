"""Mappings and files, valid by default."""

from pathlib import Path
from typing import Any

import orjson

from data.importing.counts import ImportCounts
from data.importing.importer import import_file
from data.importing.mapping import EventMapping, LeadMapping
from features.log import read_log

HEADER = "lead,when,what,who,amount"
SOUND_ROW = "L-1,2026-03-10T08:00:00Z,Visit,7,100"


def make_event_mapping(**overrides: Any) -> EventMapping:
    defaults: dict[str, Any] = {
        "name": "visits",
        "shape": "events",
        "source": "crm",
        "time_zone": "Europe/Paris",
        "columns": {"lead_id": "lead", "time": "when", "kind": "what"},
        "kinds": {"Visit": "page_viewed", "Call": "call_made", "Signed": "won"},
    }
    return EventMapping.model_validate(defaults | overrides)


def make_lead_mapping(**overrides: Any) -> LeadMapping:
    defaults: dict[str, Any] = {
        "name": "leads",
        "shape": "leads",
        "source": "crm",
        "time_zone": "Europe/Paris",
        "columns": {
            "lead_id": "lead",
            "time": "created",
            "outcome": "status",
            "outcome_time": "closed",
        },
        "outcomes": {"Won": "won", "Lost": "lost", "Working": "open"},
        "attributes": {"sector": {"column": "sector"}},
    }
    return LeadMapping.model_validate(defaults | overrides)


def write_csv(folder: Path, *rows: str, header: str = HEADER) -> Path:
    source = folder / "source.csv"
    source.write_bytes("\n".join([header, *rows, ""]).encode())
    return source


def import_rows(
    folder: Path,
    *rows: str,
    mapping: EventMapping | LeadMapping | None = None,
    header: str = HEADER,
    max_rejected: float = 1.0,
) -> tuple[ImportCounts, list[dict[str, Any]]]:
    """The counts, and the log's events by lead and time, `data` as a dict."""
    source = write_csv(folder, *rows, header=header)
    out = folder / "log"
    counts = import_file(
        source, mapping or make_event_mapping(), out, max_rejected=max_rejected
    )
    events = read_log(out).events.sort("lead_id", "occurred_at").to_dicts()
    return counts, [one | {"data": orjson.loads(one["data"])} for one in events]


def rejected_reasons(path: Path) -> list[tuple[int, str]]:
    """(line or row, reason) of each row of a `rejected.csv`."""
    import csv

    with path.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return [(int(at), reason) for at, reason, _ in rows]
