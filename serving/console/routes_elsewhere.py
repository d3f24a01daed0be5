"""Signing in with the company's account: there, and back."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.console.pages import HOME, page
from serving.doors import TheService
from serving.errors import (
    NotVouchedForError,
    ProviderUnavailableError,
    RouteUnknownError,
)
from serving.problems import STATUS, detail_of
from serving.routes_session import is_private, keep_session
from serving.service import Service, Vouches
from serving.vouching import sign_in_as

router = APIRouter(prefix="/connexion/entreprise")

_COOKIE = "frein_depart"
_PATH = f"{HOME}{router.prefix}"
_SECONDS = 600  # to sign in there


@router.get("")
def leave(service: TheService, request: Request) -> Response:
    """Send the browser to the provider, with a cookie for its way back."""
    try:
        url, cookie = _provider(service).leave()
    except ProviderUnavailableError as error:
        return _refused(error)
    answer = RedirectResponse(url, status_code=303)
    answer.set_cookie(
        _COOKIE,
        cookie,
        max_age=_SECONDS,
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=is_private(request),
    )
    return answer


@router.get("/retour")
def come_back(service: TheService, request: Request) -> Response:
    """Begin the session of whoever the provider vouches for."""
    now = service.clock()
    try:
        identity = _provider(service).identity(
            request.cookies.get(_COOKIE, ""), request.query_params, now
        )
        begun = sign_in_as(service.store, identity, now)
    except (NotVouchedForError, ProviderUnavailableError) as error:
        answer = _refused(error)
    else:
        answer = RedirectResponse(f"{HOME}/", status_code=303)
        keep_session(answer, begun, request, now)
    answer.delete_cookie(_COOKIE, path=_PATH)
    return answer


def _provider(service: Service) -> Vouches:
    if service.provider is None:
        raise RouteUnknownError
    return service.provider


def _refused(error: NotVouchedForError | ProviderUnavailableError) -> Response:
    return page(
        "sign_in.html",
        None,
        STATUS[type(error)],
        login="",
        refused=detail_of(error),
        elsewhere=True,
    )
