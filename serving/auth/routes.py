"""Routes of sessions: a person signs in, sees who they are, signs out."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, SecretStr

from governance.people.roles import Role
from serving.auth.dependencies import COOKIE, TheSignIn, require_role
from serving.auth.sessions import (
    Session,
    SignedIn,
    proof_from,
    prove,
    sign_in,
    sign_out,
)
from serving.errors import PersonRequiredError, TooManyCallsError
from serving.formats.cloud_event import Name
from serving.formats.schema import Sent, Shown
from serving.http.openapi import refuses
from serving.runtime.call_limits import CallLimits
from serving.runtime.dependencies import (
    TheAddress,
    TheNow,
    TheService,
    TheStore,
    json_body,
)
from serving.runtime.service import Service
from serving.runtime.settings import LOOPBACK

router = APIRouter(prefix="/v1/session", tags=["session"])

PATIENCE_SECONDS = 0.5  # before a sign-in past the limit is answered

Anyone = Depends(require_role(*Role))


Password = Annotated[SecretStr, Field(max_length=200)]
Code = Annotated[str | None, Field(max_length=40)]  # one-time, or of recovery


class SignInSent(Sent):
    login: Name
    password: Password
    code: Code = None


class ProofSent(Sent):
    password: Password
    code: Code = None


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
async def begin_session(
    service: TheService,
    sent: Annotated[SignInSent, json_body(SignInSent)],
    address: TheAddress,
    request: Request,
    response: Response,
) -> SessionShown:
    """Sign in with a password. Writing calls then bring `csrf` as X-CSRF-Token.

    `code` is the one-time code of who uses them; without it the answer is a 401
    `second_factor_required`.
    """
    begun = await signed_in_slowly(
        service, address, sent.login, sent.password.get_secret_value(), sent.code or ""
    )
    keep_session(response, begun, request, service.clock())
    return SessionShown.model_validate(begun)


@router.post(
    "/proof",
    name="prove_session",
    dependencies=[Anyone],
    status_code=204,
    responses=refuses(400, 401, 403, 413, 415, 422, 503),
)
async def prove_session(
    service: TheService,
    reader: TheSignIn,
    sent: Annotated[ProofSent, json_body(ProofSent)],
    address: TheAddress,
) -> None:
    """Give one's password again: what is reserved for people may be signed for an
    hour."""
    signed_in, now = _of_a_person(reader), service.clock()
    await count_sign_in(service.limits, address)
    proof = proof_from(service, address, sent.code or "")
    password = sent.password.get_secret_value()
    await service.sign_ins.run(
        lambda: prove(service.store, signed_in, password, now, proof)
    )


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
    sign_out(store, _of_a_person(signed_in), now)
    response.delete_cookie(COOKIE)


async def signed_in_slowly(
    service: Service, address: str, login: str, password: str, code: str
) -> Session:
    """A session, begun in a thread for passwords; raises as `sign_in` does, and
    TooManyCallsError."""
    await count_sign_in(service.limits, address)
    now, proof = service.clock(), proof_from(service, address, code)
    return await service.sign_ins.run(
        lambda: sign_in(service.store, login, password, now, proof)
    )


async def count_sign_in(limits: CallLimits, address: str) -> None:
    """Raises TooManyCallsError, not at once: who loops on it waits."""
    try:
        limits.count_sign_in(address)
    except TooManyCallsError:
        await asyncio.sleep(PATIENCE_SECONDS)
        raise


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
