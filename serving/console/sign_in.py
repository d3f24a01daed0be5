"""Signing in, with a password or the company's account, and signing out."""

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from serving.auth.dependencies import COOKIE
from serving.auth.routes import is_private, keep_session, signed_in_slowly
from serving.auth.sessions import sign_in_as, sign_out
from serving.console.page.authentication import (
    Fields,
    TheForm,
    TheReader,
    is_from_elsewhere,
)
from serving.console.page.redirects import way_back
from serving.console.page.rendering import HOME, sign_in_page
from serving.errors import (
    CsrfMissingError,
    NotVouchedForError,
    ProviderUnavailableError,
    RouteUnknownError,
    SecondFactorError,
    SignInRefusedError,
    TooManyCallsError,
)
from serving.http.problems import STATUS, detail_of
from serving.runtime.dependencies import (
    TheAddress,
    TheNow,
    TheProvider,
    TheService,
    TheStore,
)
from serving.runtime.service import IdentityProvider

router = APIRouter()

_COMPANY = "/connexion/entreprise"
_COOKIE, _PAGE = "frein_depart", "frein_page"
_PATH = f"{HOME}{_COMPANY}"
_SECONDS = 600  # to sign in there


@router.get("/connexion")
def show_sign_in(provider: TheProvider, vers: str = "") -> Response:
    """`vers`: the page that was asked for, and that they are led to once signed in."""
    return sign_in_page(way_back(vers), has_provider=provider is not None)


@router.post("/connexion")
async def begin(
    provider: TheProvider,
    service: TheService,
    fields: Fields,
    address: TheAddress,
    request: Request,
) -> Response:
    """Sign in; a form of another site can't, though no session guards it yet."""
    if is_from_elsewhere(request):
        raise CsrfMissingError
    login, password, code, back = (
        fields.get(name, [""])[0] for name in ("login", "password", "code", "vers")
    )
    back = way_back(back)
    try:
        begun = await signed_in_slowly(service, address, login, password, code)
    except (SignInRefusedError, SecondFactorError, TooManyCallsError) as error:
        return sign_in_page(
            back,
            STATUS[type(error)],
            detail_of(error),
            has_provider=provider is not None,
            login=login,
        )
    answer = RedirectResponse(back, status_code=303)
    keep_session(answer, begun, request, service.clock())
    return answer


@router.post("/deconnexion")
def end(store: TheStore, now: TheNow, reader: TheReader, form: TheForm) -> Response:
    sign_out(store, reader, now)
    answer = RedirectResponse(f"{HOME}/connexion", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


def provider_of(provider: TheProvider) -> IdentityProvider:
    """The identity provider; raises RouteUnknownError."""
    if provider is None:
        raise RouteUnknownError
    return provider


Provider = Annotated[IdentityProvider, Depends(provider_of)]


@router.get(_COMPANY)
def leave(provider: Provider, request: Request, vers: str = "") -> Response:
    """Send the browser to the provider, with a cookie for its way back, and one for
    the page that was asked for."""
    try:
        url, cookie = provider.authorization_request()
    except ProviderUnavailableError as error:
        return _refused(error, way_back(vers))
    answer = RedirectResponse(url, status_code=303)
    cookies = {_COOKIE: cookie, _PAGE: quote(way_back(vers), safe="")}
    for name, value in cookies.items():
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


@router.get(f"{_COMPANY}/retour")
def come_back(
    provider: Provider, store: TheStore, now: TheNow, request: Request
) -> Response:
    """Begin the session of whoever the provider vouches for."""
    back = way_back(unquote(request.cookies.get(_PAGE, "")))
    try:
        cookie = request.cookies.get(_COOKIE, "")
        identity = provider.identity(cookie, request.query_params, now)
        begun = sign_in_as(store, identity, now)
    except (NotVouchedForError, ProviderUnavailableError) as error:
        answer = _refused(error, back)
    else:
        answer = RedirectResponse(back, status_code=303)
        keep_session(answer, begun, request, now)
    for name in (_COOKIE, _PAGE):
        answer.delete_cookie(name, path=_PATH)
    return answer


def _refused(
    error: NotVouchedForError | ProviderUnavailableError, back: str
) -> Response:
    return sign_in_page(back, STATUS[type(error)], detail_of(error), has_provider=True)
