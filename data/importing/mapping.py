"""Mapping of a foreign table, written in TOML: the meaning of its columns."""

import codecs
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from data.importing.errors import ImportFailedError
from features.event import ATTRIBUTES_KIND, Actor

ISO_8601 = "iso8601"

_EXAMPLE_DAY = datetime(2001, 12, 30, 13, 14, 15, tzinfo=UTC)  # tries a format


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise ValueError(f"no time zone {name!r}: write e.g. Europe/Paris") from error
    return name


def _encoding(name: str) -> str:
    try:
        known = codecs.lookup(name)
    except LookupError as error:
        raise ValueError(f"no encoding {name!r}: write e.g. utf-8 or cp1252") from error
    return "utf-8-sig" if known.name == "utf-8" else known.name  # a BOM is no text


def _time_format(text: str) -> str:
    if text == ISO_8601:
        return text
    try:
        read = datetime.strptime(_EXAMPLE_DAY.strftime(text), text)  # noqa: DTZ007
    except ValueError as error:
        raise ValueError(f"no strptime format: {error}") from error
    if read.date() != _EXAMPLE_DAY.date():
        raise ValueError(f"{text!r} holds no full date: write e.g. %d/%m/%Y %H:%M")
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1)]
Sign = Annotated[str, StringConstraints(pattern=r"^[^0-9\s()+-]$")]
TimeFormat = Annotated[str, AfterValidator(_time_format)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeColumn(_Part):
    """A column of times; in TOML its name alone will do."""

    column: Text
    format: TimeFormat | None = None  # None: the mapping's `time_format`


Time = Annotated[
    TimeColumn,
    BeforeValidator(lambda name: {"column": name} if isinstance(name, str) else name),
]


class FieldColumn(_Part):
    """A column that becomes one field of an event's data; an empty cell, no field."""

    column: Text
    type: Literal["text", "number", "integer", "boolean"] = "text"
    unknown: tuple[str, ...] = ()  # cells that mean "not known", as "N/A"
    unreadable: Literal["reject", "unknown"] = "reject"  # of a cell of no such type
    decimal: Literal[".", ","] | None = None  # None: the mapping's
    thousands: tuple[Sign, ...] = ()  # between three digits, beside spaces
    currency: tuple[Text, ...] = ()  # before or after an amount, as "€" or "EUR"

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        if self.decimal in self.thousands:
            raise ValueError("thousands holds the decimal sign")
        return self


class ActorRule(_Part):
    """Who acted: by the event's kind, else by a column's value, else the default."""

    default: Actor = Actor.PERSON
    column: Text | None = None
    values: dict[str, Actor] = Field(default_factory=dict)
    kinds: dict[Name, Actor] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _values_need_a_column(self) -> Self:
        if self.values and self.column is None:
            raise ValueError("values stand without a column: name the column")
        return self


class EventColumns(_Part):
    lead_id: Text
    time: Time
    kind: Annotated[
        tuple[Text, ...],
        BeforeValidator(lambda name: [name] if isinstance(name, str) else name),
        Field(min_length=1),
    ]
    event_id: Text | None = None  # None: made from the row's content
    received_at: Time | None = None  # None: assumed equal to `time`


class Delay(_Part):
    """A time so many days after the lead's."""

    days: Annotated[int, Field(ge=0, le=3650)]


def _as_list(written: object) -> object:
    return written if isinstance(written, list | tuple) else [written]


class LeadColumns(_Part):
    """`outcome_time` holds what dates an outcome: the first that a row has. Where none
    does, the outcome's time is unknown."""

    lead_id: Text
    time: Time  # when the attributes were known
    outcome: Text | None = None
    outcome_time: Annotated[tuple[Delay | Time, ...], BeforeValidator(_as_list)] = ()

    @model_validator(mode="after")
    def _a_time_is_of_an_outcome(self) -> Self:
        if self.outcome_time and self.outcome is None:
            raise ValueError("outcome_time stands without outcome: name its column")
        return self


class _Table(_Part):
    columns: _Part
    name: Text
    source: Text
    delimiter: Annotated[str, StringConstraints(pattern=r'^[^"\r\n]$')] = ","
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8-sig"
    sheet: Text | None = None  # of a workbook; None: the first
    decimal: Literal[".", ","] = "."
    time_format: TimeFormat = ISO_8601
    time_zone: Annotated[str, AfterValidator(_time_zone)]  # of times without an offset
    order: tuple[Name, ...] = ()
    actor: ActorRule = ActorRule()
    data: dict[Name, FieldColumn] = Field(default_factory=dict)
    attributes: dict[Name, FieldColumn] = Field(default_factory=dict)

    def names_events(self) -> bool:
        """Whether the rows hold ids of events."""
        return bool(getattr(self.columns, "event_id", None))

    def named_columns(self) -> list[tuple[str, str]]:
        """Each key that names a column, and the column."""
        columns: dict[str, object] = dict(self.columns)
        named = [("actor.column", self.actor.column)] if self.actor.column else []
        named += [
            (f"columns.{key}", part.column if isinstance(part, TimeColumn) else part)
            for key, written in columns.items()
            for part in (written if isinstance(written, tuple) else (written,))
            if isinstance(part, str | TimeColumn)
        ]
        for table in ("data", "attributes"):
            fields: dict[str, FieldColumn] = getattr(self, table)
            named += [(f"{table}.{name}", of.column) for name, of in fields.items()]
        return named

    def _ranked(self, first: tuple[str, ...]) -> tuple[str, ...]:
        return (*(kind for kind in first if kind not in self.order), *self.order)


class EventMapping(_Table):
    """One row an event.

    `kinds` gives the kind of a raw value; the values of several kind columns are
    joined by "/". `attributes` are columns repeated on each row that become an
    `attributes_set` event when they first appear, and when they change.
    """

    shape: Literal["events"]
    columns: EventColumns
    kinds: dict[Text, Name] = Field(default_factory=dict)
    # keep: their snake_case slug; as_written: those that have the form of a kind
    other_kinds: Literal["reject", "keep", "as_written"] = "reject"
    won_kinds: tuple[Name, ...] = ("won",)
    lost_kinds: tuple[Name, ...] = ("lost",)

    @model_validator(mode="after")
    def _kinds_can_occur(self) -> Self:
        if self.other_kinds != "reject":
            return self
        possible = {*self.kinds.values(), ATTRIBUTES_KIND}
        named = {"actor.kinds": tuple(self.actor.kinds)} | {
            key: getattr(self, key)
            for key in ("won_kinds", "lost_kinds", "order")
            if key in self.model_fields_set
        }
        for key, kinds in named.items():
            for kind in kinds:
                if kind not in possible:
                    raise ValueError(f"{key} names {kind!r}, which [kinds] never gives")
        return self

    def ranking(self) -> tuple[str, ...]:
        """Kinds in the order of simultaneous events.

        Unless `order` says otherwise an outcome comes first, so that whatever was
        booked at its very instant never counts as known before it; then attributes.
        """
        return self._ranked((*self.won_kinds, *self.lost_kinds, ATTRIBUTES_KIND))


class LeadMapping(_Table):
    """One row a lead: its attributes as one `attributes_set` event, and its outcome.

    `data` are fields of the outcome (a lost reason, the amount signed), which must
    never be attributes: they were not known while the lead was open.
    """

    shape: Literal["leads"]
    columns: LeadColumns
    outcomes: dict[Text, Literal["won", "lost", "open"]] = Field(default_factory=dict)

    won_kinds: ClassVar[tuple[str, ...]] = ("won",)
    lost_kinds: ClassVar[tuple[str, ...]] = ("lost",)

    def ranking(self) -> tuple[str, ...]:
        """Kinds in the order of simultaneous events: a lead exists, then it closes."""
        return self._ranked((ATTRIBUTES_KIND, *self.won_kinds, *self.lost_kinds))


Mapping = EventMapping | LeadMapping

_MAPPING: TypeAdapter[Mapping] = TypeAdapter(
    Annotated[Mapping, Field(discriminator="shape")]
)


def load_mapping(path: Path) -> Mapping:
    """The mapping that a TOML file holds.

    Raises ImportFailedError if it is no such file, or a key is missing or wrong.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return _MAPPING.validate_python(written)
    except ValidationError as error:
        complaints = "\n".join(map(_complaint, error.errors()))
        raise ImportFailedError(f"mapping {path}:\n{complaints}") from error
    except tomllib.TOMLDecodeError as error:
        raise ImportFailedError(f"mapping {path} is no TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise ImportFailedError(f"mapping {path}: save it as UTF-8: {error}") from error
    except OSError as error:
        raise ImportFailedError(
            f"mapping {path} can't be read ({error.strerror}): "
            "name a file such as data/mappings/leads_example.toml"
        ) from error


def _complaint(error: ErrorDetails) -> str:
    where = ".".join(str(key) for key in error["loc"][1:])  # the first is the shape
    said = error["msg"].removeprefix("Value error, ")
    if where:
        return f"  key {where!r}: {said}"
    return f"  {said}" if error["loc"] else f"  key 'shape': {said}"
