"""CloudEvents 1.0 in JSON: how an event arrives, and how one is shown."""

import base64
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from features.errors import EventError, FreinError, LeadIdError
from features.event import Actor, Event
from features.free_text import is_blank
from serving.errors import KindMalformedError, RequestInvalidError, TimeNaiveError
from serving.formats.lead_id import LeadId
from serving.formats.schema import Fault, Shown, first_fault

MAX_DEPTH = 16  # of `data`; orjson itself stops writing at 254
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)  # room to convert to any time zone
_KIND = re.compile(r"[a-z][a-z0-9_]{0,99}")
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?"
)


def _instant(text: Any) -> datetime:
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise PydanticCustomError("time_malformed", "not an RFC 3339 time")
    day, clock, fraction, zone = match.groups()
    if zone is None:
        raise PydanticCustomError("time_naive", "no time zone")
    try:
        instant = datetime.fromisoformat(
            f"{day}T{clock}{(fraction or '')[:7]}{zone.upper()}"
        )
    except ValueError as error:
        raise PydanticCustomError("time_malformed", "no such time") from error
    if not EARLIEST <= instant < LATEST:
        raise PydanticCustomError("time_malformed", "out of range")
    return instant.astimezone(UTC)


def _kind(text: Any) -> str:
    if not isinstance(text, str) or not _KIND.fullmatch(text):
        raise PydanticCustomError("kind_malformed", "not a kind")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("not_printable", "control characters")
    return text


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("not_printable", "a NUL character")
    return text


def _object(value: Any) -> Any:
    """An object, which may come as JSON text; nothing is an empty one."""
    if isinstance(value, str):
        value = _parsed(value)
    return _storable({} if value is None else value)


def _of_base64(value: Any) -> Any:
    """An object of which base64 has the JSON text."""
    if not isinstance(value, str):
        return value
    try:
        text = base64.b64decode(value, validate=True)
    except ValueError as error:  # of binascii, or not ASCII
        raise PydanticCustomError("base64_malformed", "not base64") from error
    return _storable(_parsed(text))


def _parsed(text: str | bytes) -> Any:
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise PydanticCustomError("not_json", "no JSON") from error
    if not isinstance(parsed, dict):
        raise PydanticCustomError("not_json", "no object")
    return parsed


def _storable(value: Any) -> Any:
    """Refuse what a database or a JSON writer would choke on."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return value
    raise PydanticCustomError("too_deep", "nested too deep")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, str) and "\0" in value:
        raise PydanticCustomError("not_printable", "a NUL character")
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def _nothing_if_blank(text: str) -> str:
    return "" if is_blank(text) else text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
FreeText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=1000),
    AfterValidator(_without_nul),
    AfterValidator(_nothing_if_blank),
]
Kind = Annotated[
    str,
    BeforeValidator(_kind),
    WithJsonSchema({"type": "string", "pattern": f"^{_KIND.pattern}$"}),
]


class CloudEvent(BaseModel):
    """One event. Other extensions are accepted, and not kept.

    `by`: who did it in the CRM, of a stage or an end; from a key that may vouch.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Kind
    time: Instant
    subject: LeadId
    data: Annotated[dict[str, JsonValue], BeforeValidator(_object)] = Field(
        default_factory=dict
    )
    data_base64: Annotated[
        dict[str, JsonValue] | None,
        BeforeValidator(_of_base64),
        WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
    ] = None
    actor: Actor | None = None
    receivedat: Instant | None = None
    by: Annotated[FreeText, Field(min_length=1, max_length=200)] | None = None

    @field_validator("data_base64")
    @classmethod
    def _is_given_once(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("data"):
            raise PydanticCustomError("given_twice", "data is there as well")
        return value


class EventShown(Shown):
    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: datetime
    subject: str
    data: dict[str, object]
    actor: Actor
    receivedat: datetime


class VouchedShown(Shown):
    """Who did it in the CRM, as the named key declares; nobody signed."""

    who: str
    key: str


_SPECIFIC: dict[str, type[EventError]] = {  # by pydantic's type of error
    "time_naive": TimeNaiveError,
    "kind_malformed": KindMalformedError,
}


def read_event(sent: object) -> CloudEvent:
    """Read one CloudEvent from parsed JSON; raises EventError or one below it."""
    try:
        return CloudEvent.model_validate(sent)
    except ValidationError as error:
        raise as_refusal(first_fault(error), EventError) from error


def as_refusal(
    fault: Fault, other: type[EventError | RequestInvalidError]
) -> FreinError:
    """The error that says what doesn't fit; `other`, where there is none of its own."""
    if fault.why.startswith("lead_id_"):
        return LeadIdError(fault.why, field=fault.field, **fault.context)
    whole = "event" if other is EventError else "corps"
    ours = _SPECIFIC.get(fault.why, other)
    if ours is RequestInvalidError:
        return RequestInvalidError(fault.field or whole, fault.why, fault.expected)
    return ours(fault.field or whole, fault.why)


def as_event(cloud: CloudEvent, *, received_at: datetime, actor: Actor) -> Event:
    return Event(
        event_id=cloud.id,
        source=cloud.source,
        lead_id=cloud.subject,
        kind=cloud.type,
        occurred_at=cloud.time,
        received_at=received_at,
        actor=actor,
        data=cloud.data if cloud.data_base64 is None else cloud.data_base64,
    )


def as_cloud(event: Event) -> dict[str, JsonValue]:
    """An event as it would be sent, with what it was when we received it."""
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": event.source,
        "type": event.kind,
        "time": event.occurred_at.isoformat(),
        "subject": event.lead_id,
        "data": dict(event.data),
        "actor": event.actor.value,
        "receivedat": event.received_at.isoformat(),
    }
