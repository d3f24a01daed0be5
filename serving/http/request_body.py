"""Bodies: read up to a limit, whatever their headers claim, and parsed once.

They are read in the event loop and parsed in the request's thread, since a body
of /v1/scores may be large.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from features.errors import EventError
from serving.errors import (
    BodyNotJsonError,
    BodyTooLargeError,
    MediaTypeError,
    RequestInvalidError,
)
from serving.formats.cloud_event import SPECIFIC

JSON = "application/json"
_FIELD_SHOWN = 100  # characters: an unknown field's name is the caller's
Fitted = TypeVar("Fitted", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Body:
    content: bytes
    media_type: str

    def parsed(self) -> Any:
        """The JSON value; strict: neither NaN nor Infinity."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise BodyNotJsonError(str(error)) from error

    def fitted(self, shape: type[Fitted]) -> Fitted:
        """The value of that shape; raises an error that says where it doesn't fit."""
        try:
            return shape.model_validate(self.parsed())
        except ValidationError as error:
            raise request_error(error) from error


def body_reader(
    limit_of: Callable[[Request], int], *media_types: str
) -> Callable[[Request], Coroutine[Any, Any, Body]]:
    """A dependency that reads a body of these media types, up to a limit."""

    async def read(request: Request) -> Body:
        given = request.headers.get("content-type", "").partition(";")[0]
        media_type = given.strip().lower()
        if media_type not in media_types:
            raise MediaTypeError(", ".join(media_types))
        return Body(await content_of(request, limit_of(request)), media_type)

    return read


async def content_of(request: Request, limit: int) -> bytes:
    """The bytes of a body; raises BodyTooLargeError past the limit."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLargeError(limit)
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > limit:
                raise BodyTooLargeError(limit)
    except ClientDisconnect as error:
        raise BodyNotJsonError("the caller left before the end") from error
    return bytes(content)


def refuse_nul(request: Request) -> None:
    """PostgreSQL can't hold U+0000 in a text: an address with one names nothing."""
    if "\0" in request.url.path or "%00" in request.url.query:
        raise RequestInvalidError("url", "not_printable")


def request_error(error: ValidationError) -> RequestInvalidError | EventError:
    """The first thing that doesn't fit, as our own error."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "corps"
    kind = SPECIFIC.get(first["type"], RequestInvalidError)
    return kind(field[:_FIELD_SHOWN], first["type"])
