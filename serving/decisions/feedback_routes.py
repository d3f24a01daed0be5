"""What people say of a lead and of the system: notes, overrides, the lists for them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4, uuid5

import orjson
from fastapi import APIRouter, Depends, Header
from pydantic import JsonValue

from governance.audit.chain import Action
from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import Caller, require_role
from serving.auth.visibility import RequireVisible
from serving.decisions.override import (
    Adjustment,
    Override,
    adjust_status,
    judge_priority_of,
)
from serving.decisions.schemas import (
    ChoicesShown,
    NoteSent,
    OverrideSent,
    PriorityConfirmed,
    PriorityContested,
    SaidShown,
    StatusAdjusted,
)
from serving.decisions.statement import Why, Word, checked, say
from serving.errors import RequestInvalidError
from serving.http.openapi import refuses, takes
from serving.http.request_body import JSON
from serving.repositories.api_keys import Scope
from serving.repositories.persons import Person
from serving.runtime.dependencies import TheBody, TheService

router = APIRouter(prefix="/v1", tags=["judgement"])

TheDecider = Annotated[Caller, Depends(require_role(*DECIDERS))]
_OLDEST_NOTE = timedelta(days=30)


@router.get(
    "/choices",
    name="read_choices",
    dependencies=[Depends(require_role(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403),
)
def read_choices(service: TheService) -> ChoicesShown:
    """The short lists that people choose from."""
    return ChoicesShown.model_validate(service.judgement)


@router.post(
    "/leads/{lead_id}/notes",
    name="add_note",
    status_code=201,
    openapi_extra=takes({JSON: NoteSent}),
    responses=refuses(400, 401, 403, 404, 413, 415, 422, 503),
    dependencies=[RequireVisible],
)
def add_note(
    lead_id: str,
    person: TheDecider,
    service: TheService,
    body: TheBody,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> SaidShown:
    """A note from the field: its tone, the objections heard, and words.

    With an Idempotency-Key it is stored once, however late it is sent again. A
    `taken_at` ahead of the clock or 30 days old is a wrong clock's: the note is then of
    its arrival.
    """
    sent, now = body.fitted(NoteSent), service.clock()
    unknown = set(sent.objections) - service.judgement.objections
    if unknown:
        raise RequestInvalidError("objections", "enum")
    about = sent.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True, exclude={"taken_at"}
    )
    if not about:
        raise RequestInvalidError("text", "missing")
    word = Word(
        id=_note_id(person, lead_id, about, idempotency_key),
        action=Action.NOTE_ADDED,
        by=person.principal,
        about=about,
        at=_taken(sent.taken_at, now),
    )
    event_id = say(service, lead_id, word, now)
    return SaidShown(lead_id=lead_id, event_id=event_id, kind=word.action.value)


@router.post(
    "/leads/{lead_id}/overrides",
    name="override",
    status_code=201,
    openapi_extra=takes({JSON: OverrideSent}),
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
    dependencies=[RequireVisible],
)
def override(
    lead_id: str,
    person: TheDecider,
    service: TheService,
    body: TheBody,
) -> SaidShown:
    """A person contests or confirms a priority, or adjusts a status: at once."""
    sent, now = body.fitted(OverrideSent).root, service.clock()
    why = checked(
        service.judgement,
        Why(reason=sent.reason, text=sent.text),
        confirms=isinstance(sent, PriorityConfirmed),
    )
    if isinstance(sent, StatusAdjusted):
        adjusted = Adjustment(
            lead_id=lead_id,
            by=person.principal,
            why=why,
            to=sent.stage,
            seen=sent.seen,
        )
        event_id = adjust_status(service, adjusted, now)
    else:
        asked = Override(
            lead_id=lead_id,
            by=person.principal,
            why=why,
            priority=sent.priority if isinstance(sent, PriorityContested) else None,
            seen=sent.seen,
        )
        event_id = judge_priority_of(service, asked, now)
    return SaidShown(lead_id=lead_id, event_id=event_id, kind=sent.kind)


def _taken(at: datetime | None, now: datetime) -> datetime | None:
    """When a note was taken, if its device's clock can be right."""
    is_credible = at is not None and now - _OLDEST_NOTE < at <= now
    return at if is_credible else None


def _note_id(
    person: Caller, lead_id: str, about: Mapping[str, JsonValue], key: str | None
) -> UUID:
    """The same person's same note with the same key has the same id, for good."""
    if key is None or not isinstance(person, Person):
        return uuid4()
    said = orjson.dumps([key, lead_id, about], option=orjson.OPT_SORT_KEYS)
    return uuid5(person.id, said.decode())
