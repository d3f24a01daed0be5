"""Concessions and requalifications: the same brake as stage moves."""

from typing import Annotated

from fastapi import APIRouter, Depends

from governance.people.roles import DECIDERS
from serving.auth.dependencies import Caller, require_role
from serving.auth.visibility import RequireVisible
from serving.decisions.concession import concede
from serving.decisions.requalification import requalify
from serving.decisions.schemas import (
    ConcessionSent,
    ConcessionShown,
    RequalificationSent,
    RequalifiedShown,
)
from serving.http.messages_fr import CLAUSE
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.runtime.dependencies import TheService, json_body

router = APIRouter(prefix="/v1/leads/{lead_id}", tags=["decisions"])

TheCaller = Annotated[Caller, Depends(require_role(*DECIDERS, key=Scope.MOVES))]


@router.post(
    "/concessions",
    name="post_concession",
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
    dependencies=[RequireVisible],
)
def post_concession(
    lead_id: str,
    caller: TheCaller,
    service: TheService,
    sent: Annotated[ConcessionSent, json_body(ConcessionSent)],
) -> ConcessionShown:
    """Lower the price. Above the threshold it is a person's: a key gets a 409. A
    person says why."""
    asked = sent.asked(lead_id, caller.principal)
    granted = concede(service, asked, service.clock())
    return ConcessionShown(
        decision_id=granted.id,
        lead_id=lead_id,
        percent=granted.percent,
        clause=granted.clause,
        detail=CLAUSE[granted.clause],
    )


@router.post(
    "/requalifications",
    name="post_requalification",
    responses=refuses(400, 401, 403, 404, 409, 413, 415, 422, 503),
    dependencies=[RequireVisible],
)
def post_requalification(
    lead_id: str,
    caller: TheCaller,
    service: TheService,
    sent: Annotated[RequalificationSent, json_body(RequalificationSent)],
) -> RequalifiedShown:
    """Give another priority. After a complex exchange it is a person's: a key gets a
    409 and a proposal."""
    asked = sent.asked(lead_id, caller.principal)
    decision_id, clause = requalify(service, asked, service.clock())
    return RequalifiedShown(
        decision_id=decision_id,
        lead_id=lead_id,
        priority=sent.priority,
        clause=clause,
        detail=CLAUSE[clause],
    )
