"""The HTTP application: routes, errors, middleware, threads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version

from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from features.errors import FreinError
from serving.app import health as routes_operations
from serving.app.access_log import CallMiddleware
from serving.app.console import create_console
from serving.app.hardening import HardeningMiddleware
from serving.app.idempotency import IdempotencyMiddleware
from serving.audit import routes as routes_audit
from serving.auth import routes as routes_session
from serving.automation import routes as routes_rules
from serving.console.page.rendering import HOME
from serving.decisions import feedback_routes as routes_judgement
from serving.decisions import routes as routes_decisions
from serving.errors import (
    InternalError,
    MethodNotAllowedError,
    RequestError,
    RequestInvalidError,
    RouteUnknownError,
)
from serving.events import routes as routes_events
from serving.formats.cloud_event import as_refusal
from serving.formats.lead_id import SegmentsMiddleware
from serving.formats.schema import Fault
from serving.http.openapi import documents
from serving.http.problems import problem_response
from serving.http.request_body import routes_of
from serving.privacy import routes as routes_privacy
from serving.runtime.periodic import PeriodicThread
from serving.runtime.service import Service
from serving.scoring import lead_routes as routes_leads
from serving.scoring import routes as routes_scores

ROUTERS = (
    routes_operations.router,
    routes_events.router,
    routes_scores.router,
    routes_leads.router,
    routes_privacy.router,
    *routes_decisions.ROUTERS,
    *routes_rules.ROUTERS,
    routes_judgement.router,
    routes_audit.router,
    routes_session.router,
)
_BY_STATUS: dict[int, type[RequestError]] = {
    404: RouteUnknownError,
    405: MethodNotAllowedError,
}


def create_app(
    service: Service, *threads: PeriodicThread, host: str | None = None
) -> FastAPI:
    """The application on a service; the threads run as long as it does. `host`: where
    it is served, if not where the settings say."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        limiter = to_thread.current_default_thread_limiter()
        limiter.total_tokens = service.settings.request_threads
        for thread in threads:
            thread.start()
        yield
        for thread in threads:
            await to_thread.run_sync(thread.stop)

    app = FastAPI(
        title="Frein",
        version=version("frein"),
        description="Automation with a brake: scores, reasons, and who decides.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # ours asks who calls
        redirect_slashes=False,  # its redirects go where the Host header says
        routes=_routes(),
    )
    app.state.service = service
    for address in ("/", HOME):
        app.add_route(address, _to_the_console)
    app.mount(HOME, create_console(service))
    for kind in (FreinError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _on_error)
    app.add_middleware(IdempotencyMiddleware, service=service, clock=service.clock)
    hosts = service.settings.hosts | ({host} if host else set())
    app.add_middleware(HardeningMiddleware, hosts=hosts)
    app.add_middleware(CallMiddleware, metrics=service.metrics)
    app.add_middleware(SegmentsMiddleware)
    documents(app, ROUTERS)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """The routes of all applications of the process: FastAPI takes long for them."""
    return routes_of(ROUTERS)


def _to_the_console(_: Request) -> Response:
    return RedirectResponse(f"{HOME}/")


def _on_error(_: Request, error: Exception) -> Response:
    answer = problem_response(_as_ours(error))
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer


def _as_ours(error: Exception) -> FreinError:
    match error:
        case FreinError():
            return error
        case RequestValidationError():
            fault = Fault.of(error.errors()[0], begin=1)
            return as_refusal(fault, RequestInvalidError)
        case HTTPException(status_code=status):
            return _BY_STATUS.get(status, RequestError)()
        case _:
            return InternalError()  # Starlette raises `error` to the log
