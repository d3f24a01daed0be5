"""HTTP connections that don't wait for ever: a head or a body that never ends is cut.

uvicorn has a limit for a connection that is idle between two calls, and none for one
whose call is half sent. Past the most connections there may be, the one that has been
sending its head the longest goes first, so that callers who do send get in.
"""

from asyncio import TimerHandle, Transport
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from serving.runtime.settings import Settings

TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n"
)


@dataclass(slots=True)
class ConnectionLimits:
    """Seconds for a head and for a body to come, and the most connections.

    `sending`: the connections whose head isn't whole, the oldest first.
    """

    head_seconds: float
    body_seconds: float
    most: int
    sending: "OrderedDict[GuardedProtocol, None]" = field(default_factory=OrderedDict)

    def make_room(self) -> bool:
        """Cut the oldest that sends its head; False: there is none."""
        oldest = next(iter(self.sending), None)
        if oldest is not None:
            oldest.cut()
        return oldest is not None


class GuardedProtocol(H11Protocol):
    """`_deadline`: when the head or the body must have come; None: none is due."""

    limits: ConnectionLimits

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        is_full = len(self.connections) > self.limits.most
        if is_full and not self.limits.make_room():
            transport.write(_FULL)
            transport.close()
        else:
            self._await_head()

    def data_received(self, data: bytes) -> None:
        begins = self._deadline is None and self.conn.their_state is h11.IDLE
        super().data_received(data)
        self._look(begins=begins)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look(begins=bool(self.conn.trailing_data[0]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def cut(self) -> None:
        """Close a connection that sends too slowly."""
        self._stop()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.write(TOO_SLOW)
        self.transport.close()

    def _look(self, *, begins: bool) -> None:
        """Set the deadline by what is still to come of the call; `begins`: the first
        bytes of another call are there."""
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            if self._deadline is None or self in self.limits.sending:
                self._stop()
                self._deadline = self._cut_after(self.limits.body_seconds)
        elif state is not h11.IDLE:
            self._stop()
        elif begins:
            self._await_head()

    def _await_head(self) -> None:
        self.limits.sending[self] = None
        self._deadline = self._cut_after(self.limits.head_seconds)

    def _cut_after(self, seconds: float) -> TimerHandle:
        return self.loop.call_later(seconds, self.cut)

    def _stop(self) -> None:
        self.limits.sending.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def guarded_protocol(limits: ConnectionLimits) -> type[GuardedProtocol]:
    """The protocol of a service, for uvicorn."""
    return type("LimitedProtocol", (GuardedProtocol,), {"limits": limits})


def server_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn serves us, on whatever address."""
    limits = ConnectionLimits(
        settings.head_seconds, settings.body_seconds, settings.max_connections
    )
    return {
        "http": guarded_protocol(limits),
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
    }
