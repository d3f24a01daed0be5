"""Rights of the person whom a lead is: to be forgotten, and to object."""

from datetime import date
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Response

from governance.people.privacy import ForgetReason
from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import Caller, require_role
from serving.auth.visibility import RequireVisible
from serving.formats.lead_id import LeadInPath
from serving.formats.schema import Shown
from serving.http.openapi import refuses
from serving.http.request_body import JSON
from serving.privacy.export import export_of, exported
from serving.privacy.forget import forget
from serving.privacy.objection import note_objection
from serving.repositories.api_keys import Scope
from serving.repositories.persons import Person
from serving.runtime.dependencies import TheService
from serving.runtime.service import Service

router = APIRouter(prefix="/v1/leads", tags=["privacy"])

# A role is looked at before the lead: who may do nothing isn't told if it is there.
_officer = require_role(Role.MANAGER, Role.ADMIN, key=Scope.PRIVACY)
_administrator = require_role(Role.ADMIN, key=Scope.PRIVACY)
_decider = require_role(*DECIDERS, key=Scope.PRIVACY)
TheOfficer = Annotated[Caller, Depends(_officer)]


class LeadForgotten(Shown):
    """`is_scrubbed`: the database's files hold nothing of it either; if not yet, the
    service sees to it (SQLite), or the database's owner (docs/rgpd.md)."""

    forgotten_on: date
    is_scrubbed: bool


@router.delete(
    "/{lead_id}",
    name="forget_lead",
    responses=refuses(401, 403, 404, 410, 422, 503, 507),
    dependencies=[Depends(_officer), RequireVisible],
)
def delete_lead(
    lead_id: LeadInPath,
    service: TheService,
    caller: TheOfficer,
    reason: ForgetReason = ForgetReason.REQUEST,
) -> LeadForgotten:
    """Forget a lead: all that is held of it, for good."""
    done = forget(service, lead_id, reason, caller.principal, service.clock())
    return LeadForgotten(forgotten_on=done.on, is_scrubbed=done.is_scrubbed)


TheDecider = Annotated[Caller, Depends(_decider)]
_OBJECTION = "/{lead_id}/objection"
_REFUSALS = refuses(401, 403, 404, 409, 410, 422, 503, 507)


class ObjectionNoted(Shown):
    lead_id: str
    event_id: UUID
    objects: bool


@router.post(
    _OBJECTION,
    name="object_to_profiling",
    status_code=201,
    responses=_REFUSALS,
    dependencies=[Depends(_decider), RequireVisible],
)
def post_objection(
    lead_id: LeadInPath, service: TheService, caller: TheDecider
) -> ObjectionNoted:
    """Note that the person objects to being profiled: no score, no automation."""
    return _noted(service, lead_id, caller, objects=True)


@router.delete(
    _OBJECTION,
    name="accept_profiling",
    responses=_REFUSALS,
    dependencies=[Depends(_decider), RequireVisible],
)
def delete_objection(
    lead_id: LeadInPath, service: TheService, caller: TheDecider
) -> ObjectionNoted:
    """Note that the person takes the objection back."""
    return _noted(service, lead_id, caller, objects=False)


def _noted(
    service: Service, lead_id: str, caller: Caller, *, objects: bool
) -> ObjectionNoted:
    by, now = caller.principal, service.clock()
    event_id = note_objection(service, lead_id, by, now, objects=objects)
    return ObjectionNoted(lead_id=lead_id, event_id=event_id, objects=objects)


@router.get(
    "/{lead_id}/export",
    name="export_lead",
    responses=refuses(401, 403, 404, 422),
    dependencies=[Depends(_administrator), RequireVisible],
)
def read_export(
    lead_id: LeadInPath,
    service: TheService,
    caller: Annotated[Caller, Depends(_administrator)],
) -> Response:
    """All that is held of a lead, as JSON: articles 15 and 20."""
    now = service.clock()
    if isinstance(caller, Person):
        export = exported(service, lead_id, caller, now)
    else:
        export = export_of(service, lead_id, now)
    return Response(orjson.dumps(export.content()), media_type=JSON)
