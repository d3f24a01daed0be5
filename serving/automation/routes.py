"""Routes of automation: rules, suspensions, and the tasks that a person closes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import require_role
from serving.auth.visibility import RequireVisible
from serving.automation.schemas import (
    RuleShown,
    RulesShown,
    SuspensionSent,
    SuspensionShown,
    TaskClosing,
)
from serving.automation.suspension import (
    resume_lead,
    resume_rule,
    suspend_lead,
    suspend_rule,
)
from serving.decisions.tasks import close_task
from serving.formats.lead_id import LeadInPath
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.repositories.persons import Person
from serving.repositories.suspensions import rule_suspensions
from serving.runtime.dependencies import (
    TheNow,
    TheRules,
    TheService,
    TheStore,
    json_body,
)

rules = APIRouter(prefix="/v1", tags=["rules"])
suspensions = APIRouter(prefix="/v1", tags=["judgement"])
ROUTERS = (rules, suspensions)

TheDecider = Annotated[Person, Depends(require_role(*DECIDERS))]
# A rule acts on everybody's leads.
TheManager = Annotated[Person, Depends(require_role(Role.MANAGER, Role.ADMIN))]
SuspensionBody = Annotated[SuspensionSent, json_body(SuspensionSent)]
_REFUSALS = refuses(400, 401, 403, 404, 409, 413, 415, 422, 503, 507)


@rules.get(
    "/rules",
    name="list_rules",
    dependencies=[Depends(require_role(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403),
)
def list_rules(store: TheStore, ruleset: TheRules, now: TheNow) -> RulesShown:
    """What automation does by itself, the first rule by priority first."""
    with store.reading() as session:
        suspended = rule_suspensions(session, now)
    return RulesShown(
        version=ruleset.version,
        sha256=ruleset.digest,
        rules=[
            RuleShown(
                **rule.model_dump(mode="json", include={*RuleShown.model_fields}),
                set_off_by=rule.on.kind,
                writes=rule.target.value,
                suspended=rule.id in suspended,
                suspensions=suspended.get(rule.id, []),
            )
            for rule in ruleset.by_priority
        ],
    )


@rules.post(
    "/tasks/{task_id}/close", name="close_task", status_code=204, responses=_REFUSALS
)
def post_closing(
    task_id: UUID,
    person: TheDecider,
    service: TheService,
    sent: Annotated[TaskClosing, json_body(TaskClosing)],
) -> None:
    """A person closes a task; if it is an exception, automation goes on."""
    close_task(service, task_id, person, sent.reason, service.clock())


@suspensions.post(
    "/leads/{lead_id}/suspensions",
    name="suspend_automation",
    status_code=201,
    responses=_REFUSALS,
    dependencies=[RequireVisible],
)
def suspend_automation(
    lead_id: LeadInPath, person: TheDecider, service: TheService, sent: SuspensionBody
) -> SuspensionShown:
    """Suspend automation on a lead, until a date or until it is ended."""
    suspension = sent.suspension(person.principal)
    suspend_lead(service, lead_id, suspension, service.clock())
    return SuspensionShown(id=suspension.id, lead_id=lead_id, until=suspension.until)


@suspensions.delete(
    "/leads/{lead_id}/suspensions",
    name="resume_automation",
    status_code=204,
    responses=refuses(401, 403, 404, 409, 422, 503),
    dependencies=[RequireVisible],
)
def resume_automation(
    lead_id: LeadInPath, person: TheDecider, service: TheService
) -> None:
    """End the suspension of automation on a lead."""
    resume_lead(service, lead_id, person.principal, service.clock())


@suspensions.post(
    "/rules/{rule_id}/suspensions",
    name="suspend_a_rule",
    status_code=201,
    responses=_REFUSALS,
)
def suspend_a_rule(
    rule_id: str, person: TheManager, service: TheService, sent: SuspensionBody
) -> SuspensionShown:
    """Suspend a rule on every lead, until a date or until it is ended."""
    suspension = sent.suspension(person.principal)
    suspend_rule(service, rule_id, suspension, service.clock())
    return SuspensionShown(id=suspension.id, rule_id=rule_id, until=suspension.until)


@suspensions.delete(
    "/rules/{rule_id}/suspensions",
    name="resume_a_rule",
    status_code=204,
    responses=refuses(401, 403, 404, 503),
)
def resume_a_rule(rule_id: str, person: TheManager, service: TheService) -> None:
    """End the suspension of a rule."""
    resume_rule(service, rule_id, person.principal, service.clock())
