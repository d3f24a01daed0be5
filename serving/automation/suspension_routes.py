"""Routes by which people suspend and resume automation, on a lead or by rule."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends

from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import Caller, require_role
from serving.auth.visibility import RequireVisible
from serving.automation.schemas import SuspensionSent, SuspensionShown
from serving.automation.suspension import (
    Suspension,
    resume_lead,
    resume_rule,
    suspend_lead,
    suspend_rule,
)
from serving.decisions.statement import Why, checked
from serving.errors import RequestInvalidError
from serving.http.openapi import refuses, takes
from serving.http.request_body import JSON, Body
from serving.runtime.dependencies import TheBody, TheService
from serving.runtime.service import Service

router = APIRouter(prefix="/v1", tags=["judgement"])

TheDecider = Annotated[Caller, Depends(require_role(*DECIDERS))]
# A rule acts on everybody's leads.
TheManager = Annotated[Caller, Depends(require_role(Role.MANAGER, Role.ADMIN))]


@router.post(
    "/leads/{lead_id}/suspensions",
    name="suspend_automation",
    status_code=201,
    openapi_extra=takes({JSON: SuspensionSent}),
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
    dependencies=[RequireVisible],
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
    dependencies=[RequireVisible],
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
