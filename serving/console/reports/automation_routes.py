"""Routes of Automatisation et humain, for managers; nothing is shown by rep."""

from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from governance.people.roles import Role
from serving.automation.impact_report import report_ahead
from serving.console.page.authentication import TheForm, TheReader, needs_role
from serving.console.page.form_parsing import EmptyAsNone, filled
from serving.console.page.rendering import HOME, page
from serving.console.reports.automation_page import automation_page
from serving.runtime.background_cache import Cached, Failed
from serving.runtime.dependencies import TheService

router = APIRouter()
MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})


class Since(BaseModel):
    """The form of the report, as its address has it."""

    depuis: Annotated[date | None, EmptyAsNone] = None

    @property
    def instant(self) -> datetime | None:
        day = self.depuis
        return None if day is None else datetime.combine(day, time(), UTC)


@router.get("/automatisation")
def show_automation(
    service: TheService,
    reader: TheReader,
    since: Annotated[Since, Query()],
) -> Response:
    needs_role(reader.person, MANAGERS)
    made = report_ahead(service, since.instant)
    return page(
        "automation.html",
        reader,
        is_under_way=made is None,
        has_failed=isinstance(made, Failed),
        shown=automation_page(made, service.pipeline.titles)
        if isinstance(made, Cached)
        else None,
        since=since.depuis,
    )


@router.post("/automatisation")
def try_again(service: TheService, reader: TheReader, form: TheForm) -> Response:
    """Begin a report anew that couldn't be made."""
    needs_role(reader.person, MANAGERS)
    since = filled(Since, form)
    service.reports.retry(since.instant)
    asked = f"?depuis={since.depuis}" if since.depuis else ""
    return RedirectResponse(f"{HOME}/automatisation{asked}", status_code=303)
