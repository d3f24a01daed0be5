"""The rules in force, and the tasks that they and exceptions open."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import require_role
from serving.automation.schemas import RuleShown, RulesShown, TaskClosing
from serving.decisions.schemas import InForceShown
from serving.decisions.tasks import close_seen
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.repositories.persons import Person
from serving.repositories.suspensions import rule_suspensions
from serving.runtime.dependencies import TheService, json_body

router = APIRouter(prefix="/v1", tags=["rules"])


@router.get(
    "/rules",
    name="list_rules",
    dependencies=[Depends(require_role(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403),
)
def list_rules(service: TheService) -> RulesShown:
    """What automation does by itself, the first rule by priority first."""
    with service.store.reading() as session:
        suspensions = rule_suspensions(session, service.clock())
    rules = service.rules
    return RulesShown(
        version=rules.version,
        sha256=rules.digest,
        rules=[
            RuleShown(
                id=rule.id,
                title=rule.title,
                why=rule.why,
                owner=rule.owner,
                priority=rule.priority,
                set_off_by=rule.on.kind,
                writes=rule.target.value,
                sources=list(rule.sources),
                valid_from=rule.valid_from,
                valid_to=rule.valid_to,
                state=rule.state.value,
                suspended=rule.id in suspensions,
                suspensions=[
                    InForceShown.model_validate(one)
                    for one in suspensions.get(rule.id, [])
                ],
            )
            for rule in rules.by_priority
        ],
    )


@router.post(
    "/tasks/{task_id}/close",
    name="close_task",
    status_code=204,
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def close_task(
    task_id: UUID,
    person: Annotated[Person, Depends(require_role(*DECIDERS))],
    service: TheService,
    sent: Annotated[TaskClosing, json_body(TaskClosing)],
) -> None:
    """A person closes a task; if it is an exception, automation goes on."""
    close_seen(service, task_id, person, sent.reason, service.clock())
