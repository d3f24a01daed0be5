"""Logs as JSON, one object a line; a call is named by its route, never by its path.

Paths hold the CRM's lead ids, and bodies hold more: neither is ever logged.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class CallLogMiddleware:
    """ASGI middleware: one line a call, with its route, status and duration."""

    def __init__(
        self, app: ASGIApp, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock()
        fields: dict[str, Any] = {"request_id": uuid4().hex, "status": 500}

        async def send_noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields["status"] = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", fields["request_id"].encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            milliseconds = (self._clock() - began) * 1000
            log.info(
                "call", extra=fields | _about(scope) | {"ms": round(milliseconds, 1)}
            )


def _about(scope: Scope) -> dict[str, Any]:
    route = scope.get("route")
    return {
        "method": scope["method"],
        "route": getattr(route, "path", None),
        "key": scope.get("state", {}).get("key_id"),
    }
