"""Authentication of a page's reader, and of the forms that they send."""

from collections.abc import Mapping
from dataclasses import replace
from hmac import compare_digest
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from features.errors import FreinError
from governance.people.roles import DECIDERS, Role
from serving.auth.dependencies import COOKIE, owes_second_factor
from serving.auth.sessions import SignedIn, signed_in
from serving.auth.visibility import require_visible
from serving.errors import (
    AutomationStoppedError,
    CsrfMissingError,
    LeadUnknownError,
    RoleMissingError,
    SecondFactorDueError,
)
from serving.formats.lead_id import LeadInPath
from serving.http.problems import detail_of
from serving.http.request_body import content_of
from serving.repositories.leads import find_lead
from serving.repositories.persons import PassKind, Person
from serving.runtime.dependencies import TheService, TheStore, service_of

# The pages of who has yet to set one-time codes up.
_WITHOUT_CODE = tuple(f"/console/{page}" for page in ("compte", "deconnexion"))


class SignedOutError(Exception):
    """Nobody is signed in: the page to sign in is due."""


def reader_of(service: TheService, request: Request) -> SignedIn:
    """Who is signed in; raises SignedOutError."""
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        raise SignedOutError
    try:
        reader = signed_in(
            service.store,
            cookie,
            PassKind.SESSION,
            service.clock(),
            service.settings.session_idle,
        )
    except FreinError as error:
        raise SignedOutError from error
    if owes_second_factor(reader.person, service.settings):
        if not request.url.path.startswith(_WITHOUT_CODE):
            raise SecondFactorDueError
        reader = replace(reader, warning=detail_of(SecondFactorDueError()))
    if service.audit_status.broken is not None:
        stopped = AutomationStoppedError(service.audit_status.broken.seq)
        reader = replace(reader, warning=detail_of(stopped))
    request.state.reader = reader
    return reader


TheReader = Annotated[SignedIn, Depends(reader_of)]


async def fields_of(request: Request) -> dict[str, list[str]]:
    """What a form was filled in with; empty fields are left out."""
    request.state.fields = {}  # whatever becomes of the body, it isn't read again
    content = await content_of(request, service_of(request).settings.max_body_bytes)
    filled: dict[str, list[str]] = {}
    for name, value in parse_qsl(content.decode(errors="replace")):
        filled.setdefault(name, []).append(value.replace("\r\n", "\n"))
    request.state.fields = filled
    return filled


Fields = Annotated[Mapping[str, list[str]], Depends(fields_of)]


def form_of(fields: Fields, reader: TheReader) -> Mapping[str, list[str]]:
    """A form of this session: it brings the session's CSRF token.

    Raises CsrfMissingError.
    """
    (token,) = fields.get("csrf", [""])[:1]
    if not compare_digest(token.encode(), (reader.csrf or "").encode()):
        raise CsrfMissingError
    return {name: values for name, values in fields.items() if name != "csrf"}


TheForm = Annotated[Mapping[str, list[str]], Depends(form_of)]


def is_from_elsewhere(request: Request) -> bool:
    """Does the browser say that another site sent a form?"""
    return request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}


def decider_of(reader: TheReader) -> Person:
    """The person, who may decide; raises RoleMissingError."""
    return needs_role(reader.person, DECIDERS)


TheDecider = Annotated[Person, Depends(decider_of)]


def needs_role(person: Person, roles: frozenset[Role]) -> Person:
    """The person, of one of these roles; raises RoleMissingError."""
    if person.role not in roles:
        raise RoleMissingError
    return person


def in_sight(lead_id: LeadInPath, store: TheStore, reader: TheReader) -> None:
    """Raises LeadUnknownError, also for who sees all the leads that there are."""
    require_visible(store, reader.person, lead_id)
    with store.reading() as session:
        if find_lead(session, lead_id) is None:
            raise LeadUnknownError(lead_id)


InSight = Depends(in_sight)
