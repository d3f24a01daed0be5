"""CloudEvents over HTTP: one event or a batch, in each content mode of the binding.

In binary mode the attributes are headers, `ce-id` and so on, and the body is the data.
What is JSON without being declared as CloudEvents is an event, or a list of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from fastapi import Request
from starlette.datastructures import Headers

from features.errors import EventError
from serving.errors import RequestInvalidError
from serving.formats.cloud_event import CloudEvent
from serving.http.request_body import JSON, Body, BodyReader, content_of, media_type_of
from serving.runtime.dependencies import service_of

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_PREFIX = "ce-"
_ATTRIBUTE = re.compile(r"[a-z0-9]+")
_IS_JSON = re.compile(r"[a-z]+/([^;/]+\+)?json")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class SentEvents(Body):
    """`attributes`: of an event in binary mode."""

    attributes: Mapping[str, str] | None = None

    def events(self) -> tuple[list[object], bool]:
        """The events as they were sent, and whether as a batch."""
        if self.attributes is not None:
            about = self.parsed() if self.content else None
            return [{**self.attributes, "data": about}], False
        sent = self.parsed()
        is_batch = self.media_type == BATCH
        if isinstance(sent, list) and (is_batch or self.media_type == JSON):
            return sent, True
        if is_batch:
            raise RequestInvalidError("corps", "list_type")
        return [sent], False


class EventsReader(BodyReader):
    """A dependency that reads what is sent to us, in any content mode."""

    async def __call__(self, request: Request) -> SentEvents:
        media_type = media_type_of(request)
        is_binary = media_type not in {ONE, BATCH} and _is_binary(request.headers)
        if not (is_binary and (not media_type or _IS_JSON.fullmatch(media_type))):
            self.expect(media_type)
        content = await content_of(request, self.limit_of(request))
        attributes = attributes_of(request.headers) if is_binary else None
        return SentEvents(content, media_type, attributes)


read_events = EventsReader(
    lambda request: service_of(request).settings.max_events_bytes,
    {ONE: CloudEvent, BATCH: list[CloudEvent], JSON: CloudEvent | list[CloudEvent]},
)


def _is_binary(headers: Headers) -> bool:
    return any(name.startswith(_PREFIX) for name in headers)


def attributes_of(headers: Headers) -> dict[str, str]:
    """The attributes that headers have; raises EventError: which of them is wrong."""
    found: dict[str, str] = {}
    for header, value in headers.items():
        name = header.removeprefix(_PREFIX)
        if name in {header, "data"} or not _ATTRIBUTE.fullmatch(name):
            continue
        if name in found:
            raise EventError(header, "header_twice")
        found[name] = _decoded(header, value)
    return found


def _decoded(header: str, value: str) -> str:
    """A value as it was before it was put in a header (the binding, 3.1.3.2)."""
    quoted = _QUOTED.fullmatch(value)
    plain = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else value
    try:
        if not plain.isascii():
            raise EventError(header, "header_not_encoded")
        return unquote(plain, errors="strict")
    except UnicodeDecodeError as error:
        raise EventError(header, "header_not_encoded") from error
