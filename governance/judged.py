"""When a person last decided anything of a lead here: then they have judged it."""

from collections.abc import Iterable
from datetime import datetime

from features.event import Actor, Event
from governance.override import OVERRIDE_KINDS, OWN_SOURCE

_DECIDED = OVERRIDE_KINDS | {"stage_changed", "concession_granted"}


def judges(event: Event) -> bool:
    """Did a person decide here? What another source says of people isn't one."""
    is_ours = event.source == OWN_SOURCE and event.actor is Actor.PERSON
    return is_ours and event.kind in _DECIDED


def judged_at(events: Iterable[Event]) -> datetime | None:
    """When the last decision became known; `events` of one lead, in any order."""
    return max((one.received_at for one in events if judges(one)), default=None)
