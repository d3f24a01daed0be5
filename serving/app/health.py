"""Routes of operations: health, which needs no key, metrics and documentation."""

from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from governance.people.roles import Role
from serving.auth.dependencies import (
    Bearer,
    Cookie,
    caller_of,
    require_role,
    sign_in_of,
)
from serving.formats.schema import Shown
from serving.formats.score_json import ModelShown
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.runtime.dependencies import (
    TheAuditStatus,
    TheMetrics,
    TheNow,
    TheService,
)

router = APIRouter(tags=["operations"])

DOCS_PAGE = Path(__file__).with_name("docs.html")
DOCS_POLICY = (
    "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
)


class Health(Shown):
    status: Literal["live", "ready"]
    model: ModelShown | None = None
    automation: Literal["running", "stopped"] | None = None
    audit_broken_at: int | None = None
    audit_faults: int | None = None


@router.get("/health/live", name="read_live")
async def read_live() -> Health:  # async: it waits for no thread
    """The process answers."""
    return Health(status="live")


@router.get("/health/ready", name="read_ready", responses=refuses(503, 507))
def read_ready(service: TheService) -> Health:
    """The store takes what is written, and a model is loaded.

    Where the audit was found broken, automation is stopped; people still work.
    `audit_faults`: where the tables said otherwise than the audit, the last night.
    """
    service.write_check.make(service.store, service.clock())
    model, broken = service.models.current().model, service.audit_status.broken
    return Health(
        status="ready",
        automation="running" if broken is None else "stopped",
        audit_broken_at=None if broken is None else broken.seq,
        audit_faults=service.audit_status.n_faults,
        model=ModelShown(name=model.name, version=model.version, sha256=model.sha256),
    )


def may_read_metrics(
    service: TheService, now: TheNow, bearer: Bearer, cookie: Cookie, request: Request
) -> None:
    """A key with the scope, or an administrator; or anybody, if a setting says so."""
    if not service.settings.open_metrics:
        sign_in = sign_in_of(service, now, bearer, cookie, request)
        caller = caller_of(service, now, bearer, sign_in, request)
        require_role(Role.ADMIN, key=Scope.METRICS)(caller)


def may_read_docs(
    service: TheService, now: TheNow, bearer: Bearer, cookie: Cookie, request: Request
) -> None:
    """Whoever may read leads; or anybody, if a setting says so."""
    if not service.settings.open_docs:
        sign_in = sign_in_of(service, now, bearer, cookie, request)
        caller = caller_of(service, now, bearer, sign_in, request)
        require_role(*Role, key=Scope.LEADS)(caller)


@router.get(
    "/metrics",
    name="read_metrics",
    response_class=PlainTextResponse,
    dependencies=[Depends(may_read_metrics)],
    responses=refuses(401, 403),
)
def read_metrics(metrics: TheMetrics, status: TheAuditStatus) -> PlainTextResponse:
    """What the service counts of itself, as Prometheus reads it."""
    return PlainTextResponse(
        metrics.text(is_whole=status.broken is None, n_faults=status.n_faults),
        media_type=CONTENT_TYPE_PLAIN_0_0_4,
    )


@router.get(
    "/openapi.json", include_in_schema=False, dependencies=[Depends(may_read_docs)]
)
def read_openapi(request: Request) -> JSONResponse:
    """The interface, for machines."""
    return JSONResponse(request.app.openapi())


@router.get("/docs", include_in_schema=False, dependencies=[Depends(may_read_docs)])
def read_docs() -> FileResponse:
    """A page that needs no network, unlike FastAPI's."""
    return FileResponse(DOCS_PAGE, headers={"Content-Security-Policy": DOCS_POLICY})
