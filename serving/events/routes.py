"""POST /v1/events."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from features.errors import FreinError
from serving.auth.dependencies import require_scope
from serving.errors import RequestInvalidError
from serving.events.ingestion import Counted, ingest, observed
from serving.events.schemas import EventsTaken, Rejected
from serving.formats.cloud_event import CloudEvent, read_event
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
    now = service.clock()
    if body.media_type != BATCH:
        event = observed(read_event(body.parsed()), key, service, now)
        return _taken(ingest(service, [event], now), [])
    events, rejected = [], []
    for index, one in enumerate(_batch(body.parsed(), service.settings.max_batch)):
        try:
            events.append(observed(read_event(one), key, service, now))
        except FreinError as error:
            rejected.append(_rejected(index, error))
    return _taken(ingest(service, events, now), rejected)


def _taken(counted: Counted, rejected: list[Rejected]) -> EventsTaken:
    return EventsTaken(
        accepted=counted.accepted, duplicates=counted.duplicates, rejected=rejected
    )


def _batch(given: Any, at_most: int) -> list[Any]:
    if not isinstance(given, list):
        raise RequestInvalidError("corps", "list_type")
    if len(given) > at_most:
        raise RequestInvalidError("corps", "too_long")
    return given


def _rejected(index: int, error: FreinError) -> Rejected:
    return Rejected(index=index, code=error.code, detail=detail_of(error))
