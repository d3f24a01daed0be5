"""GET /v1/audit: what was done to a lead, by whom, why, and what it follows from."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BeforeValidator, JsonValue

from governance.people.roles import Role
from serving.audit.trace import StatedReason, Trace, trace_of
from serving.auth.dependencies import TheCaller, require_role
from serving.auth.visibility import require_visible
from serving.formats.cloud_event import LeadName
from serving.formats.schema import Shown
from serving.http.openapi import refuses
from serving.repositories.api_keys import Scope
from serving.repositories.audit import AuditRecord, Who
from serving.repositories.events import LoggedEvent
from serving.runtime.dependencies import TheStore

router = APIRouter(prefix="/v1", tags=["audit"])


class WhoShown(Shown, Who):
    pass


class SubjectShown(Shown):
    kind: str
    id: Annotated[str, BeforeValidator(str)]


class FactShown(Shown, LoggedEvent):
    pass


class CauseShown(Shown):
    """`causation` is the entry, `event` the fact, that this one follows from."""

    correlation: UUID
    causation: UUID | None
    event: FactShown | None
    depth: int


class WordsShown(Shown, StatedReason):
    """Why it was done: a reason of the list, and words. The audit itself has none."""


class EntryShown(Shown):
    seq: int
    id: UUID
    at: datetime
    who: WhoShown
    action: str
    subject: SubjectShown
    before: dict[str, JsonValue] | None
    after: dict[str, JsonValue] | None
    why: dict[str, JsonValue]
    words: WordsShown | None
    cause: CauseShown
    hash: str


class AuditShown(Shown):
    entries: list[EntryShown]


@router.get(
    "/audit",
    name="read_audit",
    dependencies=[Depends(require_role(*Role, key=Scope.LEADS))],
    responses=refuses(401, 403, 404, 422, 503),
)
def read_audit(
    lead_id: Annotated[LeadName, Query()],
    store: TheStore,
    caller: TheCaller,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AuditShown:
    """The last entries on a lead, the oldest first, with the causes of each."""
    require_visible(store, caller, lead_id)
    trace = trace_of(store, lead_id, limit)
    return AuditShown(entries=[_entry(entry, trace) for entry in trace.entries])


def _entry(entry: AuditRecord, trace: Trace) -> EntryShown:
    event = None if entry.cause.event is None else trace.events.get(entry.cause.event)
    return EntryShown.model_validate(
        asdict(entry)
        | {"cause": asdict(entry.cause) | {"event": event}}
        | {"words": trace.reasons.get(entry.id)}
    )
