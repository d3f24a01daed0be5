"""Idempotency middleware: a writing call with an Idempotency-Key is made once.

The same key with the same call gets the first answer again, within a day. POST
/v1/events needs none: its events are stored once each. A call that failed (5xx) or
that was cut off may be made again.
"""

import hashlib
import logging
import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anyio import to_thread
from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.errors import FreinError, LeadIdError
from features.lead_id import lead_id
from serving.auth.dependencies import known_caller
from serving.database.idempotency_keys import (
    Call,
    CallStatus,
    StoredResponse,
    begin,
    forget_call,
    note_answer,
)
from serving.errors import CallUnderWayError, KeyReusedError, RequestInvalidError
from serving.formats.lead_id import decoded
from serving.http.problems import problem_response
from serving.http.request_body import content_of
from serving.repositories.api_keys import ApiKey
from serving.runtime.service import Service

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 200
_WRITING = frozenset({"POST", "DELETE"})
# Events and scores are what they are; what signs in holds secrets.
_EXEMPT = ("/v1/events", "/v1/scores", "/v1/session")
# A lead, a task or a proposal stands in the addresses of what concerns it.
_NAMING = re.compile(
    r"/(?:v1/(?:leads|tasks|proposals)|console/(?:opportunites|taches))/([^/]+)"
)
# Nothing was done: it may be put right and sent again. What names a lead that is gone
# isn't kept either.
_UNDONE = {400, 404, 410, 413, 415, 422}


class IdempotencyMiddleware:
    def __init__(
        self, app: ASGIApp, service: Service, clock: Callable[[], datetime]
    ) -> None:
        self._app, self._service, self._clock = app, service, clock
        self._store = service.store
        self._max_body = service.settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_concerned(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            body = await content_of(request, self._max_body)
            call = await to_thread.run_sync(self._call, request, body)
            earlier = None
            if call is not None:
                earlier = await to_thread.run_sync(self._begin, call)
        except FreinError as error:
            await problem_response(error)(scope, receive, send)
            return
        if earlier is not None:
            await _replayed(earlier)(scope, receive, send)
            return
        recording = _RecordingSend(send)
        try:
            await self._app(scope, _with_body(body, receive), recording)
        finally:
            if call is not None:
                await to_thread.run_sync(self._end, call, recording.answer)

    def _call(self, request: Request, body: bytes) -> Call | None:
        """None: nobody known calls, and the application says so."""
        key = request.headers[HEADER]
        if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
            raise RequestInvalidError(HEADER, "string_too_long")
        caller = known_caller(self._service, request, self._clock())
        if caller is None:
            return None
        kind = "key" if isinstance(caller, ApiKey) else "person"
        path, query = request.scope["path"], request.scope["query_string"]
        address = f"{request.method}\n{path}\n".encode() + query + b"\n"
        digest = hashlib.sha256(address + body).hexdigest()
        return Call(
            caller=f"{kind} {caller.id}",
            key=key,
            fingerprint=digest,
            subject=_subject(path),
        )

    def _begin(self, call: Call) -> StoredResponse | None:
        """The answer that it had before; raises what forbids to make it now."""
        with self._store.writing() as session:
            status = begin(session, call, self._clock())
        if status is CallStatus.OTHER:
            raise KeyReusedError
        if status is CallStatus.UNDER_WAY:
            raise CallUnderWayError
        return status if isinstance(status, StoredResponse) else None

    def _end(self, call: Call, answer: StoredResponse | None) -> None:
        try:
            with self._store.writing() as session:
                if answer is None or answer.status in _UNDONE or answer.status >= 500:
                    forget_call(session, call)
                else:
                    note_answer(session, call, answer)
        except FreinError as error:  # it was answered: the call counts as cut off
            log.warning("answer_not_kept", extra={"cause": error.code})


@dataclass(slots=True)
class _RecordingSend:
    """A `send` that passes an answer on, and keeps it."""

    send: Send
    _status: int | None = None
    _media_type: str | None = None
    _body: bytearray = field(default_factory=bytearray)
    answer: StoredResponse | None = None

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = dict(message.get("headers", []))
            self._media_type = headers.get(b"content-type", b"").decode() or None
        elif message["type"] == "http.response.body" and self._status is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self.answer = StoredResponse(
                    status=self._status,
                    media_type=self._media_type,
                    body=bytes(self._body),
                )
        await self.send(message)


def _subject(path: str) -> str:
    """What a path names, as it is kept; "" if that is nothing, or can't be."""
    named = _NAMING.match(path)
    try:
        return lead_id(decoded(named[1])) if named else ""
    except LeadIdError:
        return ""


def _is_concerned(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in _WRITING
        and not scope["path"].startswith(_EXEMPT)
        and any(name == HEADER.lower().encode() for name, _ in scope["headers"])
    )


def _replayed(answer: StoredResponse) -> Response:
    return Response(
        answer.body,
        status_code=answer.status,
        media_type=answer.media_type,
        headers={REPLAYED: "true"},
    )


def _with_body(body: bytes, receive: Receive) -> Receive:
    """The body once more, then what else is received."""
    waiting: list[Message] = [{"type": "http.request", "body": body}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
