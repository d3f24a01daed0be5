"""POST /v1/events."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from features.errors import FreinError
from features.event import Event
from serving.auth.dependencies import require_scope
from serving.errors import EventIdReusedError, RequestInvalidError
from serving.events.ingestion import ingest_allowed
from serving.events.observer import CrmPeople, Observer, active_accounts
from serving.formats.cloud_event import CloudEvent, read_event
from serving.formats.schema import Shown
from serving.http.openapi import refuses
from serving.http.problems import detail_of
from serving.http.request_body import JSON, Body, BodyReader
from serving.repositories.api_keys import ApiKey, Scope
from serving.runtime.dependencies import TheService, service_of
from serving.runtime.service import Service

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
    responses=refuses(400, 401, 403, 409, 410, 413, 415, 422, 503, 507),
)
def post_events(
    key: Annotated[ApiKey, Depends(require_scope(Scope.EVENTS))],
    service: TheService,
    body: Annotated[Body, Depends(read_body)],
) -> EventsTaken:
    """Store one event, or a batch of up to 100, and re-score the leads they touch.

    Alone, a bad event is a problem; in a batch it is among `rejected`, and the
    others are stored. An id stands for one event of its source: sent again it is a
    duplicate, with other content it is refused.
    """
    now, observer = service.clock(), _observer(service, key)
    is_batch = body.media_type == BATCH
    sent = body.parsed()
    events: dict[int, Event] = {}
    refused: dict[int, FreinError] = {}
    batch = _batch(sent, service.settings.max_batch) if is_batch else [sent]
    for index, event in enumerate(batch):
        try:
            events[index] = observer.observation(read_event(event), now)
        except FreinError as error:
            refused[index] = error
    taken, unwelcome = ingest_allowed(
        service, [*events.values()], now, needs_consent=True
    )
    for place, (index, known) in enumerate(events.items()):
        if place in taken.reused:
            refused[index] = EventIdReusedError(known.event_id)
        if place in unwelcome:
            refused[index] = unwelcome[place]
    if refused and not is_batch:
        raise refused[0]
    return EventsTaken(
        accepted=taken.accepted,
        duplicates=len(events) - taken.accepted - len(taken.reused) - len(unwelcome),
        rejected=[
            Rejected(index=index, code=error.code, detail=detail_of(error))
            for index, error in sorted(refused.items())
        ],
    )


def _observer(service: Service, key: ApiKey) -> Observer:
    return Observer(
        key=key,
        people=CrmPeople(partial(active_accounts, service.store), service.crm_users),
        pipeline=service.pipeline,
        clock_tolerance=service.settings.clock_tolerance,
    )


def _batch(sent: Any, at_most: int) -> list[Any]:
    if not isinstance(sent, list):
        raise RequestInvalidError("corps", "list_type")
    if len(sent) > at_most:
        raise RequestInvalidError("corps", "too_long")
    return sent
