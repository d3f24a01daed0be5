"""FastAPI dependencies of authentication: who calls, and what their role allows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from features.errors import FreinError
from governance.people.roles import Role
from serving.auth.sessions import SignedIn, signed_in
from serving.database.engine import Store
from serving.errors import (
    CsrfMissingError,
    KeyInvalidError,
    KeyMissingError,
    PersonRequiredError,
    RoleMissingError,
    SecondFactorDueError,
)
from serving.repositories.api_keys import (
    ApiKey,
    Scope,
    find_key,
    is_use_to_note,
    note_use,
    split_token,
)
from serving.repositories.persons import TOKEN_PREFIX, PassKind, Person
from serving.runtime.call_limits import CallLimits, subscriber
from serving.runtime.dependencies import TheNow, TheService
from serving.runtime.service import Service
from serving.runtime.settings import Settings

COOKIE = "frein_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_bearer = HTTPBearer(
    auto_error=False,
    description="A key of `frein keys create`, or a token of `frein persons token`",
)
_cookie = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    description=f"A session; what it writes brings {CSRF_HEADER}",
)

Caller = ApiKey | Person


Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
Cookie = Annotated[str | None, Depends(_cookie)]


def sign_in_of(
    service: TheService, now: TheNow, bearer: Bearer, cookie: Cookie, request: Request
) -> SignedIn | None:
    """The person who is signed in, if any; a bearer token goes before a cookie."""
    store, idle = service.store, service.settings.session_idle
    if bearer is not None:
        if not bearer.credentials.startswith(f"{TOKEN_PREFIX}_"):
            return None
        with counted_refusals(service.limits, request):
            token = signed_in(store, bearer.credentials, PassKind.TOKEN, now)
        _count(service.limits, request, token.pass_id)
        return token
    if cookie is None:
        return None
    session = signed_in(store, cookie, PassKind.SESSION, now, idle)
    if request.method not in _SAFE:
        csrf = request.headers.get(CSRF_HEADER, "")
        if not compare_digest(csrf.encode(), (session.csrf or "").encode()):
            raise CsrfMissingError
    return session


TheSignIn = Annotated[SignedIn | None, Depends(sign_in_of)]


@contextmanager
def counted_refusals(limits: CallLimits, request: Request) -> Iterator[None]:
    """Count what is refused to an address; raises TooManyCallsError after too many."""
    address = subscriber(_host(request))
    limits.check_refusals(address)
    try:
        yield
    except KeyInvalidError:
        limits.count_refusal(address)
        raise


def _count(limits: CallLimits, request: Request, caller: str) -> None:
    """Count a call once, though its middleware asks who calls as well."""
    if not getattr(request.state, "is_counted", False):
        limits.count_call(caller)
        request.state.is_counted = True


def _host(request: Request) -> str:
    return request.client.host if request.client else ""


def caller_of(
    service: TheService,
    now: TheNow,
    bearer: Bearer,
    sign_in: TheSignIn,
    request: Request,
) -> Caller:
    """The caller; an unknown, wrong, expired or revoked key looks the same.

    Raises SecondFactorDueError: a person whose role wants one-time codes sets them up
    first, in the console.
    """
    if sign_in is not None:
        if owes_second_factor(sign_in.person, service.settings):
            raise SecondFactorDueError
        return sign_in.person
    if bearer is None:
        raise KeyMissingError
    with counted_refusals(service.limits, request):
        key = _key(service.store, bearer.credentials, _host(request), now)
    _count(service.limits, request, key.id)
    request.state.key_id = key.id
    return key


def owes_second_factor(person: Person, settings: Settings) -> bool:
    """Who signs in elsewhere has theirs there."""
    is_due = person.role in settings.totp_roles and person.has_password
    return is_due and person.totp_confirmed_at is None


def _key(store: Store, token: str, host: str, now: datetime) -> ApiKey:
    key_id, secret = split_token(token)
    with store.reading() as session:
        key = find_key(session, key_id)
    if key is None or not key.opens_with(secret, now) or not key.opens_from(host):
        raise KeyInvalidError
    if is_use_to_note(key, now):
        with store.writing() as session:
            note_use(session, key.id, now)
    return key


TheCaller = Annotated[Caller, Depends(caller_of)]


def known_caller(service: Service, request: Request, now: datetime) -> Caller | None:
    """The caller, outside of a route; None: nobody known, and a route says why."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_bearer = scheme.lower() == "bearer"
    bearer = (
        HTTPAuthorizationCredentials(scheme=scheme, credentials=token)
        if is_bearer
        else None
    )
    try:
        sign_in = sign_in_of(service, now, bearer, request.cookies.get(COOKIE), request)
        return caller_of(service, now, bearer, sign_in, request)
    except FreinError:
        return None


def require_role(*roles: Role, key: Scope | None = None) -> Callable[[Caller], Caller]:
    """A dependency: the caller, a person of one of these roles or a key that has this
    scope; None: no key at all."""

    def check(caller: TheCaller) -> Caller:
        if isinstance(caller, Person):
            if caller.role not in roles:
                raise RoleMissingError
        elif key is None:
            raise PersonRequiredError
        else:
            caller.need(key)
        return caller

    return check


def require_scope(scope: Scope) -> Callable[[Caller], ApiKey]:
    """A dependency: the caller's key, which has this scope; no person."""

    def check(caller: TheCaller) -> ApiKey:
        if isinstance(caller, Person):
            raise RoleMissingError
        caller.need(scope)
        return caller

    return check
