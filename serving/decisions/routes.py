"""Where the brake shows: stage moves, proposals, tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from governance.people.roles import DECIDERS, Role
from governance.policy.task import TaskStatus
from serving.auth.dependencies import Caller, TheCaller, require_role
from serving.auth.visibility import RequireVisible, TheVisibility
from serving.decisions.proposals import (
    confirm,
    dismiss,
    known_proposal,
    refuse_as_decider,
    refuse_decision,
)
from serving.decisions.schemas import (
    DecisionSent,
    DismissalSent,
    MoveSent,
    MoveShown,
    TaskShown,
    TasksShown,
)
from serving.decisions.stage_move import DecisionMade, move_stage
from serving.http.messages_fr import CLAUSE
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.repositories.persons import Person
from serving.repositories.tasks import listed_tasks
from serving.runtime.dependencies import TheService, json_body

router = APIRouter(prefix="/v1", tags=["decisions"])


@router.post(
    "/leads/{lead_id}/stage-moves",
    name="post_stage_move",
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
    dependencies=[RequireVisible],
)
def post_stage_move(
    lead_id: str,
    caller: Annotated[Caller, Depends(require_role(*DECIDERS, key=Scope.MOVES))],
    service: TheService,
    sent: Annotated[MoveSent, json_body(MoveSent)],
) -> MoveShown:
    """Move a lead. A reserved move is a person's: a key gets a 409 and a proposal."""
    asked = sent.asked(lead_id, caller.principal)
    return _made(lead_id, move_stage(service, asked, service.clock()))


def decider_of(proposal_id: UUID, caller: TheCaller, service: TheService) -> Person:
    """The person who decides; a key is refused, whatever its scopes, and audited."""
    if not isinstance(caller, Person):
        refuse_decision(service, proposal_id, caller.principal, service.clock())
    refuse_as_decider(service.store, caller, proposal_id)
    return caller


TheDecider = Annotated[Person, Depends(decider_of)]


@router.post(
    "/proposals/{proposal_id}/confirm",
    name="confirm_proposal",
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def confirm_proposal(
    proposal_id: UUID,
    person: TheDecider,
    service: TheService,
    sent: Annotated[DecisionSent, json_body(DecisionSent)],
) -> MoveShown:
    """A person makes the move that is proposed. The first to decide wins."""
    now = service.clock()
    made = confirm(
        service, proposal_id, person.principal, sent.reason, now, seen=sent.seen
    )
    return _made(known_proposal(service.store, proposal_id).lead_id, made)


@router.post(
    "/proposals/{proposal_id}/dismiss",
    name="dismiss_proposal",
    status_code=204,
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def dismiss_proposal(
    proposal_id: UUID,
    person: TheDecider,
    service: TheService,
    sent: Annotated[DismissalSent, json_body(DismissalSent)],
) -> None:
    """A person dismisses a proposal, with a reason."""
    dismiss(service, proposal_id, person.principal, sent.reason, service.clock())


@router.get(
    "/tasks",
    name="list_tasks",
    dependencies=[Depends(require_role(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403, 422),
)
def list_tasks(
    service: TheService,
    visibility: TheVisibility,
    status: TaskStatus | None = TaskStatus.OPEN,
    owner: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TasksShown:
    """What people are expected to do, the most urgent first."""
    with service.store.reading() as session:
        tasks = listed_tasks(session, status, owner, limit, visibility)
    return TasksShown(tasks=[TaskShown.model_validate(task) for task in tasks])


def _made(lead_id: str, made: DecisionMade) -> MoveShown:
    return MoveShown(
        decision_id=made.decision_id,
        lead_id=lead_id,
        from_stage=made.origin,
        to_stage=made.to,
        clause=made.clause,
        detail=CLAUSE[made.clause],
    )
