"""Signing in and out."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.auth.dependencies import COOKIE
from serving.auth.routes import keep_session
from serving.auth.sessions import sign_in, sign_out
from serving.console.page.authentication import (
    Fields,
    TheForm,
    TheReader,
    is_from_elsewhere,
)
from serving.console.page.redirects import way_back
from serving.console.page.rendering import HOME, page
from serving.errors import CsrfMissingError, SignInRefusedError
from serving.http.problems import STATUS, detail_of
from serving.runtime.dependencies import TheService

router = APIRouter()


@router.get("/connexion")
def show_sign_in(service: TheService, vers: str = "") -> Response:
    """`vers`: the page that was asked for, and that they are led to once signed in."""
    return page(
        "sign_in.html",
        login="",
        refused=None,
        elsewhere=service.provider is not None,
        back=way_back(vers),
        typed=[],
    )


@router.post("/connexion")
def begin(service: TheService, fields: Fields, request: Request) -> Response:
    """Sign in; a form of another site can't, though no session guards it yet."""
    if is_from_elsewhere(request):
        raise CsrfMissingError
    login, password, back = (
        fields.get(name, [""])[0] for name in ("login", "password", "vers")
    )
    back, now = way_back(back), service.clock()
    try:
        begun = sign_in(service.store, login, password, now)
    except SignInRefusedError as error:
        return page(
            "sign_in.html",
            None,
            STATUS[type(error)],
            login=login,
            refused=detail_of(error),
            elsewhere=service.provider is not None,
            back=back,
            typed=[],
        )
    answer = RedirectResponse(back, status_code=303)
    keep_session(answer, begun, request, now)
    return answer


@router.post("/deconnexion")
def end(service: TheService, found: TheReader, form: TheForm) -> Response:
    sign_out(service.store, found.pass_id, service.clock())
    answer = RedirectResponse(f"{HOME}/connexion", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer
