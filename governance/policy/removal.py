"""Removal of a lead by another system: deleted, archived, or merged into another.

It is an observation. The lead leaves the lists, nothing waits there any more and no
automation acts, until it is restored; what a person decided on it stands.
"""

from enum import StrEnum

from features.event import Event


class Removal(StrEnum):
    DELETED = "deleted"
    ARCHIVED = "archived"
    MERGED = "merged"  # for good: its events are the other's from then on


MERGED_KIND, RESTORED_KIND = "lead_merged", "lead_restored"
_REMOVALS: dict[str, Removal | None] = {
    "lead_deleted": Removal.DELETED,
    "lead_archived": Removal.ARCHIVED,
    MERGED_KIND: Removal.MERGED,
    RESTORED_KIND: None,
}
REMOVAL_KINDS = frozenset(_REMOVALS)
INTO = "into"  # in the data of a merger: the id of the lead that stays


def removal_told(event: Event) -> Removal | None:
    """What an event of REMOVAL_KINDS says became of the lead; None: it is there."""
    return _REMOVALS[event.kind]
