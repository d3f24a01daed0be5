"""Routes of sessions: a person signs in, sees who they are, signs out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, SecretStr

from governance.people.roles import Role
from serving.auth.dependencies import COOKIE, TheSignIn, require_role
from serving.auth.sessions import Session, SignedIn, sign_in, sign_out
from serving.errors import PersonRequiredError
from serving.formats.cloud_event import Name
from serving.formats.schema import Sent, Shown
from serving.http.openapi import refuses
from serving.runtime.dependencies import TheNow, TheStore, json_body
from serving.runtime.settings import LOOPBACK

router = APIRouter(prefix="/v1/session", tags=["session"])

Anyone = Depends(require_role(*Role))


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


@router.post(
    "",
    name="begin_session",
    responses=refuses(400, 401, 413, 415, 422, 503, 507),
)
def begin_session(
    store: TheStore,
    now: TheNow,
    sent: Annotated[SignInSent, json_body(SignInSent)],
    request: Request,
    response: Response,
) -> SessionShown:
    """Sign in with a password. Writing calls then bring `csrf` as X-CSRF-Token."""
    begun = sign_in(store, sent.login, sent.password.get_secret_value(), now)
    keep_session(response, begun, request, now)
    return SessionShown.model_validate(begun)


@router.get("", name="read_session", dependencies=[Anyone], responses=refuses(401, 403))
def read_session(signed_in: TheSignIn) -> SessionShown:
    """Who is signed in, and until when."""
    return SessionShown.model_validate(_of_a_person(signed_in))


@router.delete(
    "",
    name="end_session",
    dependencies=[Anyone],
    status_code=204,
    responses=refuses(401, 403, 503),
)
def end_session(
    store: TheStore, now: TheNow, signed_in: TheSignIn, response: Response
) -> None:
    """Sign out: the session, or the token, ends at once."""
    sign_out(store, _of_a_person(signed_in).pass_id, now)
    response.delete_cookie(COOKIE)


def keep_session(
    answer: Response, begun: Session, request: Request, now: datetime
) -> None:
    """Give the browser a session's cookie."""
    answer.set_cookie(
        COOKIE,
        begun.cookie,
        max_age=int((begun.expires_at - now).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_private(request),
    )


def is_private(request: Request) -> bool:
    """Tell whether cookies go over TLS alone: everywhere but on this machine."""
    return request.url.scheme == "https" or request.url.hostname not in LOOPBACK


def _of_a_person(signed_in: SignedIn | None) -> SignedIn:
    if signed_in is None:
        raise PersonRequiredError
    return signed_in
