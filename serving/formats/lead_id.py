"""Ids of leads as calls send them: in bodies, in queries, and in addresses.

In an address an id is one segment, percent-encoded: a slash is %2F. Servers decode
paths before they are routed, so that such a slash would part it: `SegmentsMiddleware`
leaves those encoded, and every percent sign, and `LeadInPath` decodes them.
"""

from typing import Annotated, Any
from urllib.parse import quote, unquote_to_bytes

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import LeadIdError
from features.lead_id import LONGEST, lead_id

_SCHEMA = WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST})


def _lead_id(written: Any) -> Any:
    if not isinstance(written, str):
        raise PydanticCustomError("string_type", "not a text")
    try:
        return lead_id(written)
    except LeadIdError as error:
        fields = {"character": error.character}
        raise PydanticCustomError(error.why, "no lead's id", fields) from error


def _lead_in_path(segment: Any) -> Any:
    return _lead_id(decoded(segment) if isinstance(segment, str) else segment)


LeadId = Annotated[str, BeforeValidator(_lead_id), _SCHEMA]
LeadInPath = Annotated[str, BeforeValidator(_lead_in_path), _SCHEMA]


def as_segment(lead: str) -> str:
    """The segment of an address that names a lead.

    >>> as_segment("OPP/2026 1")
    'OPP%2F2026%201'
    """
    return quote(lead, safe="")


def decoded(segment: str) -> str:
    """A segment of a path as the application has it, in full."""
    return segment.replace("%2F", "/").replace("%25", "%")


class SegmentsMiddleware:
    """Has paths keep their segments: a slash or a percent sign within one stays
    encoded, and the rest is decoded as it always is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"%" in (raw := scope.get("raw_path") or b""):
            scope["path"] = "/".join(map(_half_decoded, raw.split(b"/")))
        await self._app(scope, receive, send)


def _half_decoded(segment: bytes) -> str:
    text = unquote_to_bytes(segment).decode(errors="replace")
    return text.replace("%", "%25").replace("/", "%2F")
