"""Base classes of the JSON schemas that calls send and get."""

from pydantic import BaseModel, ConfigDict, ValidationError


class Sent(BaseModel):
    """A body: frozen, and no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


def first_fault(error: ValidationError) -> tuple[str, str]:
    """The field that doesn't fit first, "" for the whole, and pydantic's type of it."""
    first = error.errors(include_url=False, include_input=False)[0]
    return ".".join(str(part) for part in first["loc"]), first["type"]
