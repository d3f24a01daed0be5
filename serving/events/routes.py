"""POST /v1/events."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from features.errors import FreinError
from serving.auth.dependencies import require_scope
from serving.errors import RequestInvalidError
from serving.events.ingestion import ingest, observation
from serving.formats.cloud_event import CloudEvent, read_event
from serving.formats.schema import Shown
from serving.http.openapi import refuses
from serving.http.problems import detail_of
from serving.http.request_body import JSON, Body, BodyReader
from serving.repositories.api_keys import ApiKey, Scope
from serving.runtime.dependencies import TheService, service_of

router = APIRouter(prefix="/v1", tags=["events"])

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

read_body = BodyReader(
    lambda request: service_of(request).settings.max_events_bytes,
    {ONE: CloudEvent, BATCH: list[CloudEvent], JSON: CloudEvent},
)


class Rejected(Shown):
    index: int
    code: str
    detail: str


class EventsTaken(Shown):
    accepted: int
    duplicates: int
    rejected: list[Rejected]


@router.post(
    "/events",
    name="post_events",
    responses=refuses(400, 401, 403, 413, 415, 422, 503),
)
def post_events(
    key: Annotated[ApiKey, Depends(require_scope(Scope.EVENTS))],
    service: TheService,
    body: Annotated[Body, Depends(read_body)],
) -> EventsTaken:
    """Store one event, or a batch of up to 100, and re-score the leads they touch.

    Alone, a bad event is a problem; in a batch it is among `rejected`, and the
    others are stored.
    """
    now, tolerance = service.clock(), service.settings.clock_tolerance
    is_batch = body.media_type == BATCH
    sent = body.parsed()
    events, rejected = [], []
    batch = _batch(sent, service.settings.max_batch) if is_batch else [sent]
    for index, event in enumerate(batch):
        try:
            events.append(observation(read_event(event), key, tolerance, now))
        except FreinError as error:
            if not is_batch:
                raise
            detail = detail_of(error)
            rejected.append(Rejected(index=index, code=error.code, detail=detail))
    accepted = ingest(service, events, now)
    duplicates = len(events) - accepted
    return EventsTaken(accepted=accepted, duplicates=duplicates, rejected=rejected)


def _batch(sent: Any, at_most: int) -> list[Any]:
    if not isinstance(sent, list):
        raise RequestInvalidError("corps", "list_type")
    if len(sent) > at_most:
        raise RequestInvalidError("corps", "too_long")
    return sent
