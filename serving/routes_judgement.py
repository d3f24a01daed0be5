"""What people say of a lead and of the system: notes, overrides, the lists for them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4, uuid5

import orjson
from fastapi import APIRouter, Depends, Header
from pydantic import JsonValue

from governance.audit import Action
from governance.person import DECIDERS, Role
from serving.access import Scope
from serving.bodies import (
    NoteSent,
    OverrideSent,
    PriorityConfirmed,
    PriorityContested,
    StatusAdjusted,
    SuspensionSent,
)
from serving.body import JSON, Body
from serving.documented import refuses, takes
from serving.doors import Caller, TheBody, TheService, admits
from serving.errors import RequestInvalidError
from serving.overriding import Adjustment, Override, adjust_status, judge_priority_of
from serving.person import Person
from serving.saying import Why, Word, checked, say
from serving.service import Service
from serving.shapes import ChoicesShown, SaidShown, SuspensionShown
from serving.sights import InSight
from serving.suspending import (
    Suspension,
    resume_lead,
    resume_rule,
    suspend_lead,
    suspend_rule,
)

router = APIRouter(prefix="/v1", tags=["judgement"])

TheDecider = Annotated[Caller, Depends(admits(*DECIDERS))]
_OLDEST_NOTE = timedelta(days=30)
# A rule acts on everybody's leads.
TheManager = Annotated[Caller, Depends(admits(Role.MANAGER, Role.ADMIN))]


@router.get(
    "/choices",
    name="read_choices",
    dependencies=[Depends(admits(*Role, key=Scope.LEADS))],
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
    dependencies=[InSight],
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
    dependencies=[InSight],
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


@router.post(
    "/leads/{lead_id}/suspensions",
    name="suspend_automation",
    status_code=201,
    openapi_extra=takes({JSON: SuspensionSent}),
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
    dependencies=[InSight],
)
def suspend_automation(
    lead_id: str,
    person: TheDecider,
    service: TheService,
    body: TheBody,
) -> SuspensionShown:
    """Suspend automation on a lead, until a date or until it is ended."""
    asked = _suspension(service, person, body)
    suspend_lead(service, lead_id, asked, service.clock())
    return SuspensionShown(id=asked.id, lead_id=lead_id, until=asked.until)


@router.delete(
    "/leads/{lead_id}/suspensions",
    name="resume_automation",
    status_code=204,
    responses=refuses(401, 403, 404, 503),
    dependencies=[InSight],
)
def resume_automation(lead_id: str, person: TheDecider, service: TheService) -> None:
    """End the suspension of automation on a lead."""
    resume_lead(service, lead_id, person.principal, service.clock())


@router.post(
    "/rules/{rule_id}/suspensions",
    name="suspend_a_rule",
    status_code=201,
    openapi_extra=takes({JSON: SuspensionSent}),
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def suspend_a_rule(
    rule_id: str,
    person: TheManager,
    service: TheService,
    body: TheBody,
) -> SuspensionShown:
    """Suspend a rule on every lead, until a date or until it is ended."""
    asked = _suspension(service, person, body)
    suspend_rule(service, rule_id, asked, service.clock())
    return SuspensionShown(id=asked.id, rule_id=rule_id, until=asked.until)


@router.delete(
    "/rules/{rule_id}/suspensions",
    name="resume_a_rule",
    status_code=204,
    responses=refuses(401, 403, 404, 503),
)
def resume_a_rule(rule_id: str, person: TheManager, service: TheService) -> None:
    """End the suspension of a rule."""
    resume_rule(service, rule_id, person.principal, service.clock())


def _suspension(service: Service, person: Caller, body: Body) -> Suspension:
    sent = body.fitted(SuspensionSent)
    if sent.until is not None and sent.until <= service.clock():
        raise RequestInvalidError("until", "past")
    why = checked(service.judgement, Why(reason=sent.reason, text=sent.text))
    return Suspension(id=uuid4(), by=person.principal, why=why, until=sent.until)


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
