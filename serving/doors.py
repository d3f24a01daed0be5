"""What every route asks first: the service, and whose key it is."""

from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from serving.access import ApiKey, Scope, split_token
from serving.errors import KeyInvalidError, KeyMissingError, RequestInvalidError
from serving.keys import find_key, is_use_to_note, note_use
from serving.service import Service

_bearer = HTTPBearer(
    auto_error=False, description="frein_<id>_<secret>, from `frein keys create`"
)


def service_of(request: Request) -> Service:
    return cast(Service, request.app.state.service)


def refuse_nul(request: Request) -> None:
    """PostgreSQL can't hold U+0000 in a text: an address with one names nothing."""
    if "\0" in request.url.path or "%00" in request.url.query:
        raise RequestInvalidError("url", "not_printable")


TheService = Annotated[Service, Depends(service_of)]


def key_of(
    service: TheService,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    request: Request,
) -> ApiKey:
    """The caller's key; an unknown, wrong, expired or revoked one looks the same."""
    if given is None:
        raise KeyMissingError
    key_id, secret = split_token(given.credentials)
    now = service.clock()
    with service.store.reading() as session:
        key = find_key(session, key_id)
    if key is None or not key.opens_with(secret, now):
        raise KeyInvalidError
    if is_use_to_note(key, now):
        with service.store.writing() as session:
            note_use(session, key.id, now)
    request.state.key_id = key.id
    return key


def needs(scope: Scope) -> Callable[[ApiKey], ApiKey]:
    """A dependency: the caller's key, which has this scope."""

    def check(key: Annotated[ApiKey, Depends(key_of)]) -> ApiKey:
        key.need(scope)
        return key

    return check
