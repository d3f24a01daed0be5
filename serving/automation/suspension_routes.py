"""Routes by which people suspend and resume automation, on a lead or by rule."""

from typing import Annotated

from fastapi import APIRouter, Depends

from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import Caller, require_role
from serving.auth.visibility import RequireVisible
from serving.automation.schemas import SuspensionSent, SuspensionShown
from serving.automation.suspension import (
    resume_lead,
    resume_rule,
    suspend_lead,
    suspend_rule,
)
from serving.http.openapi import refuses
from serving.runtime.dependencies import TheService, json_body

router = APIRouter(prefix="/v1", tags=["judgement"])

TheDecider = Annotated[Caller, Depends(require_role(*DECIDERS))]
# A rule acts on everybody's leads.
TheManager = Annotated[Caller, Depends(require_role(Role.MANAGER, Role.ADMIN))]


@router.post(
    "/leads/{lead_id}/suspensions",
    name="suspend_automation",
    status_code=201,
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
    dependencies=[RequireVisible],
)
def suspend_automation(
    lead_id: str,
    person: TheDecider,
    service: TheService,
    sent: Annotated[SuspensionSent, json_body(SuspensionSent)],
) -> SuspensionShown:
    """Suspend automation on a lead, until a date or until it is ended."""
    asked = sent.suspension(person.principal)
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
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def suspend_a_rule(
    rule_id: str,
    person: TheManager,
    service: TheService,
    sent: Annotated[SuspensionSent, json_body(SuspensionSent)],
) -> SuspensionShown:
    """Suspend a rule on every lead, until a date or until it is ended."""
    asked = sent.suspension(person.principal)
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
