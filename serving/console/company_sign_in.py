"""Signing in with the company's account: there, and back."""

from urllib.parse import quote, unquote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.auth.routes import is_private, keep_session
from serving.auth.sessions import sign_in_as
from serving.console.page.redirects import way_back
from serving.console.page.rendering import HOME, page
from serving.errors import (
    NotVouchedForError,
    ProviderUnavailableError,
    RouteUnknownError,
)
from serving.http.problems import STATUS, detail_of
from serving.runtime.dependencies import TheService
from serving.runtime.service import IdentityProvider, Service

router = APIRouter(prefix="/connexion/entreprise")

_COOKIE, _PAGE = "frein_depart", "frein_page"
_PATH = f"{HOME}{router.prefix}"
_SECONDS = 600  # to sign in there


@router.get("")
def leave(service: TheService, request: Request, vers: str = "") -> Response:
    """Send the browser to the provider, with a cookie for its way back, and one for
    the page that was asked for."""
    try:
        url, cookie = _provider(service).leave()
    except ProviderUnavailableError as error:
        return _refused(error, way_back(vers))
    answer = RedirectResponse(url, status_code=303)
    asked = {_COOKIE: cookie, _PAGE: quote(way_back(vers), safe="")}
    for name, value in asked.items():
        answer.set_cookie(
            name,
            value,
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
    back = way_back(unquote(request.cookies.get(_PAGE, "")))
    try:
        identity = _provider(service).identity(
            request.cookies.get(_COOKIE, ""), request.query_params, now
        )
        begun = sign_in_as(service.store, identity, now)
    except (NotVouchedForError, ProviderUnavailableError) as error:
        answer = _refused(error, back)
    else:
        answer = RedirectResponse(back, status_code=303)
        keep_session(answer, begun, request, now)
    for name in (_COOKIE, _PAGE):
        answer.delete_cookie(name, path=_PATH)
    return answer


def _provider(service: Service) -> IdentityProvider:
    if service.provider is None:
        raise RouteUnknownError
    return service.provider


def _refused(
    error: NotVouchedForError | ProviderUnavailableError, back: str
) -> Response:
    return page(
        "sign_in.html",
        None,
        STATUS[type(error)],
        login="",
        refused=detail_of(error),
        elsewhere=True,
        back=back,
        typed=[],
    )
