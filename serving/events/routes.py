"""POST /v1/events."""

import re
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from features.errors import FreinError
from features.event import Event
from serving.auth.dependencies import require_scope
from serving.auth.visibility import as_told
from serving.errors import (
    EventIdReusedError,
    LeadIdAmbiguousError,
    RequestInvalidError,
)
from serving.events.http_binding import SentEvents, read_events
from serving.events.ingestion import ingest_allowed
from serving.events.observer import CrmPeople, Observer, active_accounts
from serving.formats.cloud_event import read_event
from serving.formats.schema import Shown
from serving.http.openapi import refuses
from serving.http.problems import detail_of
from serving.repositories.api_keys import ApiKey, Scope
from serving.runtime.dependencies import TheService
from serving.runtime.service import Service

router = APIRouter(prefix="/v1", tags=["events"])

_ORIGIN = re.compile(r"[A-Za-z0-9.*-]{1,253}(:[0-9]{1,5})?")
_RATE = re.compile(r"0*[1-9][0-9]{0,8}")


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
    body: Annotated[SentEvents, Depends(read_events)],
) -> EventsTaken:
    """Store one event, or a batch of up to 100, and re-score the leads they touch.

    They come in any content mode of CloudEvents over HTTP: structured, in a batch, or
    binary (`ce-…` headers, the data as body); a list as `application/json` is a batch.

    Alone, a bad event is a problem; in a batch it is among `rejected`, and the
    others are stored. An id stands for one event of its source: sent again it is a
    duplicate, with other content it is refused.
    """
    now, observer = service.clock(), _observer(service, key)
    sent, is_batch = body.events()
    if len(sent) > service.settings.max_batch:
        raise RequestInvalidError("corps", "too_long")
    events: dict[int, Event] = {}
    refused: dict[int, FreinError] = {}
    for index, event in enumerate(sent):
        try:
            cloud = read_event(service.event_names.here(event))
            events[index] = observer.observation(cloud, now)
        except FreinError as error:
            refused[index] = error
    taken, unwelcome = ingest_allowed(
        service, [*events.values()], now, needs_consent=True
    )
    for place, (index, known) in enumerate(events.items()):
        if place in taken.reused:
            refused[index] = EventIdReusedError(known.event_id)
        if place in unwelcome:
            refused[index] = _as_told(service, key, unwelcome[place])
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


def _as_told(service: Service, key: ApiKey, error: FreinError) -> FreinError:
    if isinstance(error, LeadIdAmbiguousError):
        return as_told(service.store, key, error)
    return error


def _observer(service: Service, key: ApiKey) -> Observer:
    return Observer(
        key=key,
        people=CrmPeople(partial(active_accounts, service.store), service.crm_users),
        pipeline=service.pipeline,
        clock_tolerance=service.settings.clock_tolerance,
        kinds=service.known_kinds,
    )


@router.options(
    "/events",
    name="agree_to_events",
    response_class=Response,
    responses=refuses(401, 403, 422),
)
def agree_to_events(
    key: Annotated[ApiKey, Depends(require_scope(Scope.EVENTS))],
    service: TheService,
    webhook_request_origin: Annotated[str | None, Header()] = None,
    webhook_request_rate: Annotated[str | None, Header()] = None,
) -> Response:
    """Agree to be sent events: the handshake of the CloudEvents webhook.

    Whoever has a key that sends events may deliver, at most at the rate of keys.
    """
    agreed = {"Allow": "OPTIONS, POST"}
    if webhook_request_origin is not None:
        if not _ORIGIN.fullmatch(webhook_request_origin):
            raise RequestInvalidError("WebHook-Request-Origin", "origin_malformed")
        rate = service.limits.calls_a_minute
        if webhook_request_rate is not None:
            if not _RATE.fullmatch(webhook_request_rate):
                raise RequestInvalidError("WebHook-Request-Rate", "rate_malformed")
            rate = min(rate, int(webhook_request_rate))
        agreed |= {
            "WebHook-Allowed-Origin": webhook_request_origin,
            "WebHook-Allowed-Rate": str(rate),
        }
    return Response(headers=agreed)
