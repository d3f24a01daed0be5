"""GET /v1/audit: what was done to a lead, by whom, why, and what it follows from."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from governance.people.roles import Role
from serving.audit.schemas import AuditShown, audit_shown
from serving.audit.trace import trace_of
from serving.auth.dependencies import TheCaller, require_role
from serving.auth.visibility import require_visible
from serving.formats.lead_id import LeadId
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.runtime.dependencies import TheStore

router = APIRouter(prefix="/v1", tags=["audit"])


@router.get(
    "/audit",
    name="read_audit",
    dependencies=[Depends(require_role(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403, 404, 422, 503),
)
def read_audit(
    lead_id: Annotated[LeadId, Query()],
    store: TheStore,
    caller: TheCaller,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditShown:
    """The last entries on a lead, the oldest first, with the causes of each."""
    require_visible(store, caller, lead_id)
    return audit_shown(trace_of(store, lead_id, limit))
