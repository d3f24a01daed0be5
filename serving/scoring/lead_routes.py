"""What is known of leads: the list, one lead, its scores; and a new score."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import TheCaller, require_role
from serving.auth.visibility import RequireVisible, TheVisibility
from serving.errors import LeadUnknownError
from serving.formats.lead_id import LeadInPath
from serving.formats.score_json import ScoreShown, score_json
from serving.http.openapi import refuses
from serving.http.request_body import JSON
from serving.privacy.access import note_access
from serving.repositories.api_keys import Scope
from serving.repositories.decisions import conceded_on
from serving.repositories.leads import (
    LeadFilter,
    LeadSummary,
    count_leads,
    find_lead,
    listed_leads,
    name_of_lead,
)
from serving.repositories.notices import notices_of
from serving.repositories.persons import Person
from serving.repositories.privacy.accesses import AccessKind
from serving.repositories.proposals import proposals_of
from serving.repositories.scores import latest_score, score_history
from serving.repositories.suspensions import lead_suspensions
from serving.repositories.tasks import tasks_of
from serving.runtime.dependencies import TheNow, ThePipeline, TheService, TheStore
from serving.scoring.schemas import LeadsAsked, LeadShown, LeadsShown, ScoresShown
from serving.scoring.scoring import score_stored

router = APIRouter(prefix="/v1/leads", tags=["leads"])

Limit = Annotated[int, Query(ge=1, le=500)]
LATEST_NOTICES = 20
MayRead = Depends(require_role(*Role, key=Scope.LEADS))


@router.get(
    "", name="list_leads", dependencies=[MayRead], responses=refuses(401, 403, 422)
)
def list_leads(
    store: TheStore, visibility: TheVisibility, query: Annotated[LeadsAsked, Query()]
) -> LeadsShown:
    """Leads by priority, then by score; won and abandoned ones only if asked for."""
    page = {"limit": query.limit, "offset": query.offset}
    wanted = LeadFilter(**query.model_dump(exclude={*page}), visibility=visibility)
    with store.reading() as session:
        leads = listed_leads(session, wanted, **page)
        total = count_leads(session, wanted)
    return LeadsShown.model_validate({"total": total, "leads": leads})


@router.get(
    "/{lead_id}",
    name="read_lead",
    response_model=LeadShown,
    dependencies=[MayRead, RequireVisible],
    responses=refuses(401, 403, 404, 422),
)
def read_lead(
    lead_id: LeadInPath,
    store: TheStore,
    pipeline: ThePipeline,
    now: TheNow,
    caller: TheCaller,
) -> Response:
    """One lead with its latest score, its open proposals and tasks, and what people
    suspended there."""
    with store.reading() as session:
        lead = _known_lead(session, lead_id)
        proposals = proposals_of(session, lead.id)
        tasks = tasks_of(session, lead.id)
        notices = notices_of(session, lead.id, limit=LATEST_NOTICES)
        suspensions = lead_suspensions(session, lead.id, now)
        conceded = conceded_on(session, lead.id)
        survivor = name_of_lead(session, lead.merged_into)
        score = None if lead.objected_at else latest_score(session, lead.id)
    if isinstance(caller, Person):
        note_access(store, lead.id, caller, AccessKind.PAGE, now)
    if score is not None:
        score["proposals"] = [str(proposal.id) for proposal in proposals]
    content = LeadShown.model_validate(
        {
            "lead_id": lead.lead_id,
            "stage": lead.stage,
            "stage_assurance": lead.stage_assurance,
            "stage_to_confirm": lead.is_to_confirm(pipeline),
            "signed_stage": lead.signed_stage,
            "vouched_stage": lead.vouched_stage,
            "observed_stage": lead.observed_stage,
            "priority": lead.priority,
            "owner": lead.owner,
            "score": None,
            "proposals": proposals,
            "tasks": tasks,
            "notices": notices,
            "suspensions": suspensions,
            "conceded": conceded,
            "objected_at": lead.objected_at,
            "removal": lead.removal,
            "removed_at": lead.removed_at if lead.removal else None,
            "merged_into": survivor,
        }
    )
    return _json(content.model_dump(mode="json") | {"score": score})


@router.get(
    "/{lead_id}/scores",
    name="read_scores",
    response_model=ScoresShown,
    dependencies=[MayRead, RequireVisible],
    responses=refuses(401, 403, 404, 422),
)
def read_scores(lead_id: LeadInPath, store: TheStore, limit: Limit = 50) -> Response:
    """The scores of a lead, the latest first."""
    with store.reading() as session:
        lead = _known_lead(session, lead_id)
        return _json({"scores": score_history(session, lead.id, limit=limit)})


@router.post(
    "/{lead_id}/score",
    name="score_lead",
    response_model=ScoreShown,
    dependencies=[Depends(require_role(*DECIDERS, key=Scope.SCORES)), RequireVisible],
    responses=refuses(401, 403, 404, 409, 422, 503, 507),
)
def score_lead(lead_id: LeadInPath, service: TheService) -> Response:
    """Score a lead from its stored events, and record the score."""
    return _json(score_json(score_stored(service, lead_id, service.clock())))


def _known_lead(session: Session, lead_id: str) -> LeadSummary:
    lead = find_lead(session, lead_id)
    if lead is None:
        raise LeadUnknownError(lead_id)
    return lead


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type=JSON)
