"""POST /v1/scores: scores of events that are sent along; writes nothing."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Response

from features.event import Actor, Event
from governance.people.roles import Role
from serving.auth.dependencies import TheCaller, require_role
from serving.auth.visibility import as_told
from serving.errors import LeadIdAmbiguousError, ObjectedError, RequestInvalidError
from serving.formats.cloud_event import as_event
from serving.formats.score_json import score_json
from serving.http.openapi import refuses
from serving.http.request_body import JSON, Body, BodyReader, validated
from serving.repositories.api_keys import Scope
from serving.repositories.lead_states import look_alikes
from serving.repositories.leads import objected_among
from serving.runtime.dependencies import TheService, service_of
from serving.scoring.schemas import LeadSent, ScoresAsked, ScoresShown
from serving.scoring.scoring import score_given

router = APIRouter(prefix="/v1", tags=["scores"])

read_body = BodyReader(
    lambda request: service_of(request).settings.max_scores_bytes, {JSON: ScoresAsked}
)


@router.post(
    "/scores",
    name="post_scores",
    response_model=ScoresShown,
    responses=refuses(400, 401, 403, 409, 413, 415, 422, 503),
    dependencies=[Depends(require_role(*Role, key=Scope.SCORES))],
)
def post_scores(
    service: TheService, caller: TheCaller, body: Annotated[Body, Depends(read_body)]
) -> Response:
    """Score leads at one moment (now, unless it is given) from the events sent.

    An event without `receivedat` counts as received when it happened.
    """
    explainer = service.models.current()
    sent = validated(ScoresAsked, body.parsed())
    _refuse_invalid(sent, service.settings.max_leads)
    names = [lead.lead_id for lead in sent.leads]
    with service.store.reading() as session:
        if objected_among(session, names):
            raise ObjectedError
        alike = look_alikes(session, names)
    if alike:
        raise as_told(service.store, caller, LeadIdAmbiguousError.of(alike))
    scores = score_given(
        explainer,
        {lead.lead_id: _events(lead) for lead in sent.leads},
        service.pipeline,
        sent.moment or service.clock(),
    )
    content = {"scores": [score_json(score) for score in scores]}
    return Response(orjson.dumps(content), media_type=JSON)


def _events(lead: LeadSent) -> list[Event]:
    return [
        as_event(
            cloud,
            received_at=cloud.receivedat or cloud.time,
            actor=cloud.actor or Actor.LEAD,
        )
        for cloud in lead.events
    ]


def _refuse_invalid(sent: ScoresAsked, max_leads: int) -> None:
    if len(sent.leads) > max_leads:
        raise RequestInvalidError("leads", "too_long")
    names = set()
    for index, lead in enumerate(sent.leads):
        if lead.lead_id in names:
            raise RequestInvalidError(f"leads.{index}.lead_id", "lead_twice")
        names.add(lead.lead_id)
        if any(event.subject != lead.lead_id for event in lead.events):
            raise RequestInvalidError(f"leads.{index}.events", "other_subject")
