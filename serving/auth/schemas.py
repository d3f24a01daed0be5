"""Schemas of sessions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr

from governance.people.roles import Role
from serving.formats.cloud_event import Name
from serving.formats.schema import Sent, Shown


class SignInSent(Sent):
    login: Name
    password: Annotated[SecretStr, Field(max_length=200)]


class PersonShown(Shown):
    id: UUID
    login: str
    name: str
    role: Role
    team: str | None


class SessionShown(Shown):
    """`csrf` is null for a token, which needs none."""

    person: PersonShown
    expires_at: datetime
    csrf: str | None
