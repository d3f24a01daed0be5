"""Bodies of calls, read up to a limit, whatever their headers claim, and validated.

FastAPI's own bodies don't serve here. It reads a body before any dependency runs, and
answers 400 whatever fails meanwhile: a stranger would get 400 instead of 401, and a
body that is too large or of another media type 400 instead of 413 or 415. Its JSON
has NaN, too.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute

from serving.errors import (
    BodyNotJsonError,
    BodyTooLargeError,
    ContentEncodingError,
    MediaTypeError,
    RequestInvalidError,
)
from serving.formats.cloud_event import as_refusal
from serving.formats.schema import first_fault

JSON = "application/json"
_PLAIN = {"", "identity"}  # codings that change nothing
_FIELD_SHOWN = 100  # characters: an unknown field's name is the caller's
Schema = TypeVar("Schema", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Body:
    content: bytes
    media_type: str

    def parsed(self) -> Any:
        """The JSON value; strict: neither NaN nor Infinity."""
        try:
            return orjson.loads(self.content.removeprefix(BOM_UTF8))
        except orjson.JSONDecodeError as error:
            raise BodyNotJsonError(str(error)) from error


@dataclass(frozen=True, slots=True, eq=False)  # FastAPI keeps results by reader
class BodyReader:
    """A dependency that reads a body up to a limit.

    `types` are those of the body by media type; the OpenAPI document has them.
    """

    limit_of: Callable[[Request], int]
    types: Mapping[str, Any]

    async def __call__(self, request: Request) -> Body:
        media_type = media_type_of(request)
        self.expect(media_type)
        return Body(await content_of(request, self.limit_of(request)), media_type)

    def expect(self, media_type: str) -> None:
        """Raises MediaTypeError: it is of no body that is read here."""
        if media_type not in self.types:
            raise MediaTypeError(", ".join(self.types))


def media_type_of(request: Request) -> str:
    """What the call says that its body is, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def validated(schema: type[Schema], value: object) -> Schema:
    """The value of that schema; raises an error that says where it doesn't fit."""
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        fault = first_fault(error)
        shown = replace(fault, field=fault.field[:_FIELD_SHOWN])
        raise as_refusal(shown, RequestInvalidError) from error


async def content_of(request: Request, limit: int) -> bytes:
    """The bytes of a body, which isn't compressed; raises BodyTooLargeError past the
    limit, and ContentEncodingError."""
    encodings = request.headers.get("content-encoding", "").lower().split(",")
    if encoding := ",".join(e.strip() for e in encodings if e.strip() not in _PLAIN):
        raise ContentEncodingError(encoding[:_FIELD_SHOWN])
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
    if "\0" in request.scope["path"] or "%00" in request.url.query:
        raise RequestInvalidError("url", "not_printable")


def routes_of(routers: Iterable[APIRouter]) -> list[BaseRoute]:
    """The routes of an application that is made of routers."""
    whole = APIRouter(dependencies=[Depends(refuse_nul)])
    for router in routers:
        whole.include_router(router)
    return whole.routes
