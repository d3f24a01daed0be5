"""What this system writes in the log itself, and of it what only a person may say."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import JsonValue

from features.event import Event
from governance.people.principal import Principal

OWN_SOURCE = "frein"  # the source of the events that this system writes itself


class OverrideKind(StrEnum):
    PRIORITY_CONTESTED = "priority_contested"
    PRIORITY_CONFIRMED = "priority_confirmed"
    STATUS_ADJUSTED = "status_adjusted"
    AUTOMATION_SUSPENDED = "automation_suspended"
    AUTOMATION_RESUMED = "automation_resumed"
    RULE_SUSPENDED = "rule_suspended"
    RULE_RESUMED = "rule_resumed"


OVERRIDE_KINDS = frozenset(OverrideKind)


def own_event(
    id: UUID,
    lead_id: str,
    kind: str,
    by: Principal,
    data: Mapping[str, JsonValue],
    now: datetime,
) -> Event:
    """What somebody has decided or said here, as the log has it."""
    return Event(
        event_id=str(id),
        source=OWN_SOURCE,
        lead_id=lead_id,
        kind=kind,
        occurred_at=now,
        received_at=now,
        actor=by.actor,
        data=dict(data),
    )
