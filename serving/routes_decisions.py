"""Where the brake shows: stage moves, proposals, tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from serving.access import ApiKey, Scope
from serving.body import JSON, Body, body_reader
from serving.deciding import refuse_decision
from serving.documented import refuses, takes
from serving.doors import TheService, key_of, needs, service_of
from serving.moves import MoveAsked, move_stage
from serving.sentences import CLAUSE
from serving.shapes import MoveSent, MoveShown, TaskShown, TasksShown
from serving.tasks import TaskStatus, listed_tasks

router = APIRouter(prefix="/v1", tags=["decisions"])

read_body = body_reader(
    lambda request: service_of(request).settings.max_body_bytes, JSON
)


@router.post(
    "/leads/{lead_id}/stage-moves",
    openapi_extra=takes({JSON: MoveSent}),
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
)
def post_stage_move(
    lead_id: str,
    key: Annotated[ApiKey, Depends(needs(Scope.MOVES))],
    service: TheService,
    body: Annotated[Body, Depends(read_body)],
) -> MoveShown:
    """Ask for a stage move. A reserved one becomes a proposal, and answers 409."""
    sent = body.fitted(MoveSent)
    asked = MoveAsked(lead_id=lead_id, to=sent.to, reason=sent.reason, by=key.principal)
    made = move_stage(service, asked, service.clock())
    return MoveShown(
        decision_id=made.decision_id,
        lead_id=lead_id,
        from_stage=made.origin,
        to_stage=made.to,
        clause=made.clause,
        detail=CLAUSE[made.clause],
    )


@router.post("/proposals/{proposal_id}/confirm", responses=refuses(401, 403, 422, 503))
def confirm_proposal(
    proposal_id: UUID, key: Annotated[ApiKey, Depends(key_of)], service: TheService
) -> None:
    """For people only: no API key may, whatever its scopes."""
    refuse_decision(service, proposal_id, key.principal, service.clock())


@router.post("/proposals/{proposal_id}/dismiss", responses=refuses(401, 403, 422, 503))
def dismiss_proposal(
    proposal_id: UUID, key: Annotated[ApiKey, Depends(key_of)], service: TheService
) -> None:
    """For people only: no API key may, whatever its scopes."""
    refuse_decision(service, proposal_id, key.principal, service.clock())


@router.get(
    "/tasks",
    dependencies=[Depends(needs(Scope.LEADS))],
    responses=refuses(401, 403, 422),
)
def list_tasks(
    service: TheService,
    status: TaskStatus | None = TaskStatus.OPEN,
    owner: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TasksShown:
    """What people are expected to do, the most urgent first."""
    with service.store.reading() as session:
        tasks = listed_tasks(session, status, owner, limit)
    return TasksShown(tasks=[TaskShown.model_validate(task) for task in tasks])
