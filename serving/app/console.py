"""The console's application, mounted beside the HTTP interface."""

from collections.abc import Awaitable, Callable
from functools import cache

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from features.errors import FreinError
from serving.console import account, rules, sign_in, tasks
from serving.console.inbox import routes as inbox
from serving.console.journal import routes as journal
from serving.console.lead import decision_routes as decisions
from serving.console.lead import routes as lead
from serving.console.page.authentication import SignedOutError
from serving.console.page.error_pages import (
    error_page,
    invalid_request,
    lost_page,
    typed_in,
)
from serving.console.page.redirects import asked_address, sign_in_address
from serving.console.page.rendering import FOLDER, HOME
from serving.console.reports import routes as reports
from serving.errors import InternalError, RouteUnknownError
from serving.http.request_body import routes_of
from serving.runtime.service import Service

ROUTERS = tuple(
    screen.router
    for screen in (
        *(sign_in, account, inbox, lead, journal),
        *(decisions, tasks, rules, reports),
    )
)
# Nothing but our own files, no script or style in a page, no frame around it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "Service-Worker-Allowed": f"{HOME}/",
    "X-Content-Type-Options": "nosniff",
}


def create_console(service: Service) -> FastAPI:
    """The console on a service; its pages answer under HOME."""
    app = FastAPI(
        title="Frein",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        routes=_routes(),
    )
    app.state.service = service
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    app.add_exception_handler(SignedOutError, _to_sign_in)
    for kind in (FreinError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _on_error)
    app.middleware("http")(_guarded)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """The routes of all consoles of the process: FastAPI takes long for them."""
    return routes_of(ROUTERS)


async def _guarded(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    answer = await call_next(request)
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    if "/static/" not in request.url.path:
        answer.headers["Cache-Control"] = "no-store"
    return answer


async def _to_sign_in(request: Request, _: Exception) -> Response:
    if request.method == "POST" and request.url.path != f"{HOME}/deconnexion":
        return await lost_page(request)
    return RedirectResponse(sign_in_address(asked_address(request)), status_code=303)


async def _on_error(request: Request, error: Exception) -> Response:
    typed: list[str] = []
    match error:
        case FreinError():
            ours: FreinError = error
            typed = await typed_in(request) if request.method == "POST" else []
        case RequestValidationError():
            ours = invalid_request(error)
        case HTTPException():
            ours = RouteUnknownError()
        case _:
            ours = InternalError()  # Starlette raises `error` to the log
    answer = error_page(request, ours, typed)
    answer.headers.update(_HEADERS)  # a bug goes past the middleware
    return answer
