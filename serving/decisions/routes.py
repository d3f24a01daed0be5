"""Routes of decisions: changes that the brake rules on, proposals and tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from governance.people.roles import DECIDERS, Role
from governance.policy.effects import Decide
from governance.policy.task import TaskStatus
from serving.auth.dependencies import Caller, TheCaller, require_role
from serving.auth.visibility import RequireVisible, TheVisibility
from serving.decisions.concession import ConcessionRequest, concede
from serving.decisions.proposals import (
    DecisionMade,
    confirm,
    dismiss,
    known_proposal,
    refuse_as_decider,
    refuse_decision,
)
from serving.decisions.requalification import PriorityRequest, requalify
from serving.decisions.schemas import (
    ConcessionSent,
    ConcessionShown,
    DecisionSent,
    DismissalSent,
    MoveSent,
    MoveShown,
    OwnerName,
    RequalificationSent,
    RequalifiedShown,
    TasksShown,
)
from serving.decisions.stage_move import MoveRequest, move_stage
from serving.formats.lead_id import LeadInPath
from serving.http.messages_fr import CLAUSE
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.repositories.persons import Person
from serving.repositories.tasks import listed_tasks
from serving.runtime.dependencies import TheNow, TheService, TheStore, json_body

_TAGS = ["decisions"]
_REFUSALS = refuses(400, 401, 403, 404, 409, 413, 415, 422, 503, 507)
leads = APIRouter(
    prefix="/v1/leads/{lead_id}",
    tags=[*_TAGS],
    dependencies=[RequireVisible],
    responses=_REFUSALS,
)
proposals = APIRouter(
    prefix="/v1/proposals/{proposal_id}", tags=[*_TAGS], responses=_REFUSALS
)
tasks = APIRouter(prefix="/v1/tasks", tags=[*_TAGS])
ROUTERS = (leads, proposals, tasks)

TheMover = Annotated[Caller, Depends(require_role(*DECIDERS, key=Scope.MOVES))]


@leads.post("/stage-moves", name="post_stage_move")
def post_stage_move(
    lead_id: LeadInPath,
    caller: TheMover,
    service: TheService,
    sent: Annotated[MoveSent, json_body(MoveSent)],
) -> MoveShown:
    """Move a lead. A reserved move is a person's: a key gets a 409 and a proposal."""
    request = MoveRequest(lead_id=lead_id, by=caller.principal, **dict(sent))
    return _shown(lead_id, move_stage(service, request, service.clock()))


@leads.post("/concessions", name="post_concession")
def post_concession(
    lead_id: LeadInPath,
    caller: TheMover,
    service: TheService,
    sent: Annotated[ConcessionSent, json_body(ConcessionSent)],
) -> ConcessionShown:
    """Lower the price. Above the threshold it is a person's: a key gets a 409. A
    person says why; above the limit of their role, they get a 409 as well."""
    request = ConcessionRequest(lead_id=lead_id, by=caller.principal, **dict(sent))
    grant = concede(service, request, service.clock())
    return ConcessionShown(
        decision_id=grant.id,
        lead_id=lead_id,
        percent=grant.percent,
        clause=grant.clause,
        detail=CLAUSE[grant.clause],
    )


@leads.post("/requalifications", name="post_requalification")
def post_requalification(
    lead_id: LeadInPath,
    caller: TheMover,
    service: TheService,
    sent: Annotated[RequalificationSent, json_body(RequalificationSent)],
) -> RequalifiedShown:
    """Give another priority. After a complex exchange it is a person's: a key gets a
    409 and a proposal."""
    request = PriorityRequest(lead_id=lead_id, by=caller.principal, **dict(sent))
    decision_id, clause = requalify(service, request, service.clock())
    return RequalifiedShown(
        decision_id=decision_id,
        lead_id=lead_id,
        priority=sent.priority,
        clause=clause,
        detail=CLAUSE[clause],
    )


def decider_of(
    proposal_id: UUID, caller: TheCaller, service: TheService, now: TheNow
) -> Person:
    """The person who decides; a key is refused, whatever its scopes, and audited."""
    if not isinstance(caller, Person):
        refuse_decision(service, proposal_id, caller.principal, now)
    refuse_as_decider(service.store, caller, proposal_id)
    return caller


TheDecider = Annotated[Person, Depends(decider_of)]


@proposals.post("/confirm", name="confirm_proposal")
def confirm_proposal(
    proposal_id: UUID,
    person: TheDecider,
    service: TheService,
    sent: Annotated[DecisionSent, json_body(DecisionSent)],
) -> MoveShown:
    """A person makes the move that is proposed. The first to decide wins."""
    by, now = person.principal, service.clock()
    decision = confirm(service, proposal_id, by, sent.why, now, seen=sent.seen)
    return _shown(known_proposal(service.store, proposal_id).lead_id, decision)


@proposals.post("/dismiss", name="dismiss_proposal", status_code=204)
def dismiss_proposal(
    proposal_id: UUID,
    person: TheDecider,
    service: TheService,
    sent: Annotated[DismissalSent, json_body(DismissalSent)],
) -> None:
    """A person dismisses a proposal, with a reason."""
    dismiss(service, proposal_id, person.principal, sent.reason, service.clock())


@tasks.get(
    "",
    name="list_tasks",
    dependencies=[Depends(require_role(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403, 422),
)
def list_tasks(
    store: TheStore,
    visibility: TheVisibility,
    status: TaskStatus | None = TaskStatus.OPEN,
    owner: Annotated[OwnerName | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TasksShown:
    """What people are expected to do, the most urgent first."""
    with store.reading() as session:
        listed = listed_tasks(session, status, owner, limit, visibility)
    return TasksShown.model_validate({"tasks": listed})


def _shown(lead_id: str, decision: DecisionMade | Decide) -> MoveShown:
    return MoveShown(
        decision_id=decision.id,
        lead_id=lead_id,
        from_stage=decision.origin,
        to_stage=decision.to,
        clause=decision.clause,
        detail=CLAUSE[decision.clause],
    )
