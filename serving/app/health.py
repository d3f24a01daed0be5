"""Routes of operations: health, metrics, documentation. No key is needed."""

from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from serving.formats.schema import Shown
from serving.formats.score_json import ModelShown
from serving.http.openapi import refuses
from serving.runtime.dependencies import TheAuditStatus, TheMetrics, TheService

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


@router.get("/health/live", name="read_live")
def read_live() -> Health:
    """The process answers."""
    return Health(status="live")


@router.get("/health/ready", name="read_ready", responses=refuses(503, 507))
def read_ready(service: TheService) -> Health:
    """The store takes what is written, and a model is loaded.

    Where the audit was found broken, automation is stopped; people still work.
    """
    service.write_check.make(service.store, service.clock())
    model, broken = service.models.current().model, service.audit_status.broken
    return Health(
        status="ready",
        automation="running" if broken is None else "stopped",
        audit_broken_at=None if broken is None else broken.seq,
        model=ModelShown(name=model.name, version=model.version, sha256=model.sha256),
    )


@router.get("/metrics", name="read_metrics", response_class=PlainTextResponse)
def read_metrics(metrics: TheMetrics, status: TheAuditStatus) -> PlainTextResponse:
    """What the service counts of itself, as Prometheus reads it."""
    return PlainTextResponse(
        metrics.text(is_whole=status.broken is None),
        media_type=CONTENT_TYPE_PLAIN_0_0_4,
    )


@router.get("/docs", include_in_schema=False)
def read_docs() -> FileResponse:
    """A page that needs no network, unlike FastAPI's."""
    return FileResponse(DOCS_PAGE, headers={"Content-Security-Policy": DOCS_POLICY})
