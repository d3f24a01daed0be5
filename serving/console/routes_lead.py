"""Fiche: a lead, its reasons, its history."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from serving.console.callers import InSight, TheReader
from serving.console.lead_page import EVENTS_ON_A_PAGE, lead_page
from serving.console.pages import page, titles_of
from serving.doors import TheService

router = APIRouter()


@router.get("/opportunites/{lead_id}", dependencies=[InSight])
def show_lead(
    lead_id: str,
    service: TheService,
    found: TheReader,
    evenement: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """`evenement`: the first event of the timeline that is shown."""
    return page(
        "lead.html",
        found,
        shown=lead_page(service, lead_id, evenement),
        events_on_a_page=EVENTS_ON_A_PAGE,
        rules=service.rules,
        titles=titles_of(service),
    )
