"""Routes of Journal: the audit of a lead as a tree of causes, and as files."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Response

from serving.audit.schemas import audit_shown
from serving.audit.trace import Trace, trace_of
from serving.console.journal.lines import JournalLine, lines_of
from serving.console.page.authentication import InSight, TheReader
from serving.console.page.rendering import page
from serving.formats.lead_id import LeadInPath
from serving.runtime.dependencies import TheService, TheStore

router = APIRouter(prefix="/opportunites/{lead_id}", dependencies=[InSight])
_SHOWN, _EXPORTED = 100, 500  # entries
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out


@router.get("/journal")
def show_journal(
    lead_id: LeadInPath, service: TheService, reader: TheReader
) -> Response:
    trace = trace_of(service.store, lead_id, _SHOWN)
    return page(
        "journal.html",
        reader,
        lead_id=lead_id,
        trace=trace,
        lines=lines_of(trace, service.pipeline, service.judgement),
    )


@router.get("/journal.csv")
def export_csv(lead_id: LeadInPath, service: TheService) -> Response:
    trace = trace_of(service.store, lead_id, _EXPORTED)
    written = io.StringIO()
    lines = lines_of(trace, service.pipeline, service.judgement)
    csv.writer(written, delimiter=";").writerows(_rows(trace, lines))
    content = "\N{ZERO WIDTH NO-BREAK SPACE}" + written.getvalue()  # Excel reads UTF-8
    return _file(content, "text/csv; charset=utf-8", lead_id, "csv")


@router.get("/journal.json")
def export_json(lead_id: LeadInPath, store: TheStore) -> Response:
    """The answer of GET /v1/audit."""
    audit = audit_shown(trace_of(store, lead_id, _EXPORTED))
    return _file(audit.model_dump_json(), "application/json", lead_id, "json")


def _rows(trace: Trace, lines: Mapping[UUID, JournalLine]) -> Iterator[tuple[Any, ...]]:
    yield (
        *("ligne", "date", "qui", "moyen", "quoi", "pourquoi"),
        *("id", "cause", "empreinte"),
    )
    for entry in trace.entries:
        line = lines[entry.id]
        texts = map(_plain, (line.who, line.means, line.text, line.why))
        cause = entry.cause.causation or ""
        yield (line.seq, line.at.isoformat(), *texts, entry.id, cause, entry.hash)


def _plain(text: str) -> str:
    """A text that a spreadsheet takes for a text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _file(content: str, media_type: str, lead_id: str, kind: str) -> Response:
    name = quote(f"journal-{lead_id}.{kind}", safe="")
    saved = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type=media_type, headers=saved)
