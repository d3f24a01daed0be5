"""Routes of feedback: notes, overrides, and the short lists to choose from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header

from governance.audit.chain import Action
from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import require_role
from serving.auth.visibility import RequireVisible
from serving.decisions.override import override
from serving.decisions.schemas import (
    ChoicesShown,
    NoteSent,
    OverrideSent,
    SaidShown,
)
from serving.decisions.statement import FieldNote, add_note
from serving.formats.lead_id import LeadInPath
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.repositories.persons import Person
from serving.runtime.dependencies import (
    TheJudgement,
    ThePipeline,
    TheService,
    json_body,
)

router = APIRouter(prefix="/v1", tags=["judgement"])

TheDecider = Annotated[Person, Depends(require_role(*DECIDERS))]


@router.get(
    "/choices",
    name="read_choices",
    dependencies=[Depends(require_role(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403),
)
def read_choices(judgement: TheJudgement, pipeline: ThePipeline) -> ChoicesShown:
    """The short lists that people choose from."""
    lists = {
        "reason": judgement.reason,
        "tone": judgement.tone,
        "objection": judgement.objection,
        "lost_reason": pipeline.lost_reason,
    }
    return ChoicesShown.model_validate(lists)


@router.post(
    "/leads/{lead_id}/notes",
    name="add_note",
    status_code=201,
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503, 507),
    dependencies=[RequireVisible],
)
def post_note(
    lead_id: LeadInPath,
    person: TheDecider,
    service: TheService,
    sent: Annotated[NoteSent, json_body(NoteSent)],
    idempotency_key: Annotated[str | None, Header()] = None,
) -> SaidShown:
    """A note from the field: its tone, the objections heard, and words.

    With an Idempotency-Key it is stored once, however late it is sent again. A
    `taken_at` ahead of the clock or 30 days old is a wrong clock's: the note is then of
    its arrival.
    """
    note = FieldNote(lead_id=lead_id, by=person, key=idempotency_key, **dict(sent))
    event_id = add_note(service, note, service.clock())
    return SaidShown(lead_id=lead_id, event_id=event_id, kind=Action.NOTE_ADDED.value)


@router.post(
    "/leads/{lead_id}/overrides",
    name="override",
    status_code=201,
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503, 507),
    dependencies=[RequireVisible],
)
def post_override(
    lead_id: LeadInPath,
    person: TheDecider,
    service: TheService,
    sent: Annotated[OverrideSent, json_body(OverrideSent)],
) -> SaidShown:
    """A person contests or confirms a priority, or adjusts a status: at once."""
    request = sent.request(lead_id, person.principal)
    event_id = override(service, request, service.clock())
    return SaidShown(lead_id=lead_id, event_id=event_id, kind=sent.root.kind)
