"""Routes of Fiche: a lead with its reasons and history, and the form of a note."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from explanations.calendar_fr import paris_day
from explanations.score import Priority
from governance.people.roles import Role
from governance.policy.pipeline import StageRole
from serving.console.journal.last_actions import last_actions_on_lead
from serving.console.lead.page import EVENTS_ON_A_PAGE, lead_page
from serving.console.lead.personal_data import content_policy, personal_data_page
from serving.console.page.authentication import (
    InSight,
    TheDecider,
    TheReader,
    needs_role,
)
from serving.console.page.rendering import page
from serving.decisions.concession import limit_of
from serving.formats.lead_id import LeadInPath
from serving.http.request_body import JSON
from serving.privacy.access import note_access
from serving.privacy.export import LeadExport, exported
from serving.repositories.persons import Person
from serving.repositories.privacy.accesses import AccessKind
from serving.runtime.dependencies import TheJudgement, TheService
from serving.runtime.service import Service

router = APIRouter()


@router.get("/note")
def show_notes_kept(judgement: TheJudgement, reader: TheReader) -> Response:
    """The notes that the device keeps, and the form without a lead: what a device keeps
    of the console. It holds nothing of any lead."""
    return page("note.html", reader, lead_id=None, judgement=judgement)


@router.get("/opportunites/{lead_id}/note", dependencies=[InSight])
def write_note(
    lead_id: LeadInPath, judgement: TheJudgement, reader: TheReader, _: TheDecider
) -> Response:
    """The form of a note from the field."""
    return page("note.html", reader, lead_id=lead_id, judgement=judgement)


@router.get("/opportunites/{lead_id}", dependencies=[InSight])
def show_lead(
    lead_id: LeadInPath,
    service: TheService,
    reader: TheReader,
    evenement: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    fait: bool = False,
) -> Response:
    """`evenement`: the first of the timeline; `fait`: the reader has just acted."""
    shown, pipeline = lead_page(service, lead_id, evenement), service.pipeline
    now = service.clock()
    with service.store.reading() as session:
        me = reader.person.principal
        limit = limit_of(session, pipeline, me, shown.lead.id)
    note_access(service.store, shown.lead.id, reader.person, AccessKind.PAGE, now)
    return page(
        "lead.html",
        reader,
        shown=shown,
        limit=limit,
        above=shown.above(limit),
        lost=pipeline.of_role(StageRole.ABANDONED),
        lost_reasons=pipeline.lost_reason,
        shows_accesses=reader.person.role is Role.ADMIN,
        events_on_a_page=EVENTS_ON_A_PAGE,
        rules=service.rules,
        judgement=service.judgement,
        stages=pipeline.stage,
        threshold=pipeline.concession_above_percent,
        priorities=list(Priority),
        done=last_actions_on_lead(service, lead_id, reader.person.name) if fait else [],
        today=paris_day(now),
        titles=pipeline.titles,
    )


@router.get("/opportunites/{lead_id}/donnees", dependencies=[InSight])
def show_personal_data(
    lead_id: LeadInPath, service: TheService, reader: TheReader
) -> Response:
    """All that is held of a lead, for the person whom it is."""
    export = _export(service, lead_id, reader.person)
    headers = {"Content-Security-Policy": content_policy()}
    content = personal_data_page(service, export)
    return Response(content, media_type="text/html", headers=headers)


@router.get("/opportunites/{lead_id}/donnees.json", dependencies=[InSight])
def send_personal_data(
    lead_id: LeadInPath, service: TheService, reader: TheReader
) -> Response:
    """The same, for another program."""
    content = _export(service, lead_id, reader.person).content()
    name = {"Content-Disposition": 'attachment; filename="donnees.json"'}
    return Response(orjson.dumps(content), media_type=JSON, headers=name)


def _export(service: Service, lead_id: str, person: Person) -> LeadExport:
    needs_role(person, frozenset({Role.ADMIN}))
    return exported(service, lead_id, person, service.clock())
