"""Logs as JSON, one object a line; a call is named by its route, never by its path.

Paths hold the CRM's lead ids, and bodies hold more: neither is ever logged.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.runtime.metrics import Metrics

log = logging.getLogger("frein.http")
_STANDARD = frozenset(vars(logging.makeLogRecord({})))


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{k: v for k, v in vars(record).items() if k not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure_logging(level: int = logging.INFO) -> None:
    """Send every log to stderr as JSON; the command line calls it once."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True  # it logs paths


class CallMiddleware:
    """ASGI middleware: each call is logged and counted, with its route and duration."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app, self._metrics, self._clock = app, metrics, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request_id, status = self._clock(), uuid4().hex, 500

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            seconds = self._clock() - began
            route = getattr(scope.get("route"), "path", None)
            self._metrics.note_call(scope["method"], route, status, seconds)
            fields = {
                "request_id": request_id,
                "status": status,
                "method": scope["method"],
                "route": route,
                "key": scope.get("state", {}).get("key_id"),
                "ms": round(seconds * 1000, 1),
            }
            log.info("call", extra=fields)
