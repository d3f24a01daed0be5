"""Automatisation et humain: what automation changes, for managers; never by rep."""

from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from governance.person import Role
from serving.automation_report import report_ahead
from serving.console.automation_page import automation_page
from serving.console.callers import TheReader, needs_role
from serving.console.pages import page
from serving.console.routes_inbox import Empty
from serving.doors import TheService

router = APIRouter()
MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})


class Since(BaseModel):
    """The form of the report, as its address has it."""

    depuis: Annotated[date | None, Empty] = None

    @property
    def instant(self) -> datetime | None:
        day = self.depuis
        return None if day is None else datetime.combine(day, time(), UTC)


@router.get("/automatisation")
def show_automation(
    service: TheService,
    found: TheReader,
    since: Annotated[Since, Query()],
) -> Response:
    needs_role(found.person, MANAGERS)
    made = report_ahead(service, since.instant)
    return page(
        "automation.html",
        found,
        is_under_way=made is None,
        shown=automation_page(service, made) if made else None,
        since=since.depuis,
    )
