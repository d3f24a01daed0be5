"""What people say of a lead and of the system: notes, overrides, the lists for them."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends

from governance.audit import Action
from governance.person import DECIDERS, Role
from serving.access import Scope
from serving.body import JSON, Body, body_reader
from serving.documented import refuses, takes
from serving.doors import Caller, TheService, admits, service_of
from serving.errors import RequestInvalidError
from serving.saying import Word, say
from serving.shapes import ChoicesShown, NoteSent, SaidShown
from serving.sights import InSight

router = APIRouter(prefix="/v1", tags=["judgement"])

read_body = body_reader(
    lambda request: service_of(request).settings.max_body_bytes, JSON
)
TheDecider = Annotated[Caller, Depends(admits(*DECIDERS))]


@router.get(
    "/choices",
    dependencies=[Depends(admits(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403),
)
def read_choices(service: TheService) -> ChoicesShown:
    """The short lists that people choose from."""
    return ChoicesShown.model_validate(service.judgement)


@router.post(
    "/leads/{lead_id}/notes",
    status_code=201,
    openapi_extra=takes({JSON: NoteSent}),
    responses=refuses(400, 401, 403, 404, 413, 415, 422, 503),
    dependencies=[InSight],
)
def add_note(
    lead_id: str,
    person: TheDecider,
    service: TheService,
    body: Annotated[Body, Depends(read_body)],
) -> SaidShown:
    """A note from the field: its tone, the objections heard, and words."""
    sent = body.fitted(NoteSent)
    unknown = set(sent.objections) - service.judgement.objections
    if unknown:
        raise RequestInvalidError("objections", "enum")
    about = sent.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    if not about:
        raise RequestInvalidError("text", "missing")
    word = Word(id=uuid4(), action=Action.NOTE_ADDED, by=person.principal, about=about)
    event_id = say(service, lead_id, word, service.clock())
    return SaidShown(lead_id=lead_id, event_id=event_id, kind=word.action.value)
