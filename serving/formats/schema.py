"""Base classes of the JSON schemas that calls send and get."""

from pydantic import BaseModel, ConfigDict


class Sent(BaseModel):
    """A body: frozen, and no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)
