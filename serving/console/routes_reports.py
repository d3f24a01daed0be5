"""Automatisation et humain: what automation changes, for managers; never by rep."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from governance.person import Role
from serving.console.automation_page import AutomationPage, automation_page
from serving.console.callers import TheReader, needs_role
from serving.console.kept import Kept
from serving.console.pages import page
from serving.console.routes_inbox import Empty
from serving.doors import TheService

router = APIRouter()
MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
REPORTS_LAST = timedelta(hours=1)  # a report takes seconds, and moves by the day


class Since(BaseModel):
    """The form of the report, as its address has it."""

    depuis: Annotated[date | None, Empty] = None

    @property
    def instant(self) -> datetime | None:
        day = self.depuis
        return None if day is None else datetime.combine(day, time(), UTC)


@router.get("/automatisation")
def show_automation(
    request: Request,
    service: TheService,
    found: TheReader,
    since: Annotated[Since, Query()],
) -> Response:
    needs_role(found.person, MANAGERS)
    kept: Kept[AutomationPage | None] = request.app.state.kept_reports
    shown = kept.get(
        since.depuis,
        service.clock(),
        lambda: automation_page(service, since.instant),
    )
    return page("automation.html", found, shown=shown, since=since.depuis)
