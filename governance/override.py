"""What only a person may say: these kinds of event are never an observation."""

from enum import StrEnum

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
