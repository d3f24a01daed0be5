"""Selectors: which events a signal reads."""

import re
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from features.event import Actor

ANY_VALUE = "*"  # in `where`: the field is there, and is no empty text or list
KIND_FIELD = "@kind"  # in place of a field of `data`: the event's own kind
LONGEST_DAYS = 36_525
_UNITS = {"h": 1 / 24, "d": 1.0, "w": 7.0}


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _as_pairs(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return tuple((name, _as_tuple(wanted)) for name, wanted in value.items())


def _some(wanted: tuple[Any, ...]) -> tuple[Any, ...]:
    if not wanted:
        raise ValueError("an empty list matches nothing")
    return wanted


def _kind_name(kind: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", kind):
        raise ValueError(f"{kind!r} is no kind: lower-case letters, digits and _ only")
    return kind


def _field_name(name: str) -> str:
    if name != KIND_FIELD and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"{name!r} is no field name: letters, digits and _ only")
    return name


def duration_days(text: str) -> float:
    """A duration such as "36h", "30d" or "2w", in days (> 0).

    Examples
    --------
    >>> duration_days("36h")
    1.5
    """
    match = re.fullmatch(r"(\d+)([hdw])", text)
    days = int(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < days <= LONGEST_DAYS:
        raise ValueError(
            f"{text!r} is no duration of up to a century: write it as 36h, 30d or 2w"
        )
    return days


FieldName = Annotated[str, AfterValidator(_field_name)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
KindName = Annotated[str, AfterValidator(_kind_name)]
Kinds = Annotated[tuple[KindName, ...], BeforeValidator(_as_tuple)]
Wanted = Annotated[tuple[str | int | float | bool, ...], AfterValidator(_some)]
Actors = Annotated[tuple[Actor, ...], BeforeValidator(_as_tuple)]
Where = Annotated[
    tuple[tuple[FieldName, Wanted], ...],
    BeforeValidator(_as_pairs),
]


class Strict(BaseModel):
    """A value read from a file: frozen, and no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="wrap")
    @classmethod
    def _tells_its_keys(
        cls, written: Any, handler: ModelWrapValidatorHandler[Self]
    ) -> Self:
        """An unknown key is refused with the keys that there are."""
        try:
            return handler(written)
        except ValidationError as error:
            raise ValidationError.from_exception_data(
                error.title, [cls._detail(detail) for detail in error.errors()]
            ) from error

    @classmethod
    def _detail(cls, error: ErrorDetails) -> InitErrorDetails:
        kind, message = error["type"], error["msg"]
        if kind == "extra_forbidden":
            fields = cls.model_fields.items()
            keys = [field.alias or name for name, field in fields if not field.exclude]
            kind, message = "unknown_key", f"no such key; there are {', '.join(keys)}"
        return InitErrorDetails(
            type=PydanticCustomError(kind, message),
            loc=error["loc"],
            input=error["input"],
        )


class Selector(Strict):
    """Events of these kinds, by these actors, with these field values.

    An empty `kind` means any that the catalogue knows, an empty `actor` anybody.
    A `where` field matches a value equal to one wanted (5, 5.0 and "5" are equal),
    or a list of plain values that holds one as it is written; `"*"` matches any
    value. `after` keeps only what happened since the last event of that kind.
    """

    kind: Kinds = ()
    actor: Actors = ()
    where: Where = ()
    after: KindName | None = None

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.where)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(self.kind) | ({self.after} if self.after else frozenset())


class FieldSelector(Selector):
    """Events, and the field of theirs that is aggregated."""

    field: FieldName

    @property
    def fields(self) -> frozenset[str]:
        return super().fields | {self.field}
