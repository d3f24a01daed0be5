"""ASGI middleware: calls that name another host are refused, and answers are safe."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import HostUnknownError
from serving.http.problems import problem_response

ANY_HOST = "*"
_YEAR = 365 * 24 * 60 * 60  # seconds


class HardeningMiddleware:
    """Holds the Host header to the names that are ours; adds headers of safety."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), scope)
            await send(message)

        if self._is_ours(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send_safely)
        else:
            await problem_response(HostUnknownError())(scope, receive, send_safely)

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._hosts or ANY_HOST in self._hosts


def _add_headers(headers: MutableHeaders, scope: Scope) -> None:
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if scope["path"].startswith("/v1"):
        headers.setdefault("Cache-Control", "no-store")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
