"""Base classes of the JSON schemas that calls send and get."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

_QUOTED = re.compile("'([^']*)'")


class Sent(BaseModel):
    """A body: frozen, and no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """What doesn't fit: the field, "" for the whole, why by pydantic's type of error,
    and what else is told of it."""

    field: str
    why: str
    context: Mapping[str, Any]

    @classmethod
    def of(cls, error: Mapping[str, Any], begin: int = 0) -> Self:
        """One of pydantic's errors; `begin`: where in its place the field begins."""
        path = ".".join(str(part) for part in error["loc"][begin:])
        return cls(path, error["type"], error.get("ctx", {}))

    @property
    def expected(self) -> list[str]:
        """The values of the closed list that it isn't of, if it is to be."""
        return _QUOTED.findall(str(self.context.get("expected", "")))


def first_fault(error: ValidationError) -> Fault:
    return Fault.of(error.errors(include_url=False, include_input=False)[0])
