"""A complex exchange: after one, requalifying a lead is for people (DESIGN §7)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from features.event import Actor, Event
from governance.people.overrides import OVERRIDE_KINDS, OWN_SOURCE

# Issue 5: six turns within 14 days, both sides, on two channels; or an objection, or
# a call of over 20 minutes.
WITHIN = timedelta(days=14)
LEAST_TURNS = 6
LEAST_CHANNELS = 2
LONG_CALL_MINUTES = 20
_CHANNEL = {
    "email_sent": "mail",
    "email_replied": "mail",
    "call_made": "phone",
    "call_received": "phone",
    "meeting_held": "meeting",
}
_DECIDING = OVERRIDE_KINDS | {"stage_changed"}


def after_complex_exchange(events: Iterable[Event], now: datetime) -> bool:
    """Was there one within 14 days, and has no person decided anything since?

    `events` are the lead's that are known at `now`, in any order.
    """
    recent = [event for event in events if event.occurred_at > now - WITHIN]
    decided_at = max((e.occurred_at for e in recent if _decides(e)), default=None)
    since = [e for e in recent if decided_at is None or e.occurred_at > decided_at]
    return any(_is_weighty(event) for event in since) or _is_lively(since, recent)


def _decides(event: Event) -> bool:
    """A person decided here: what another source says of people unlocks nothing."""
    is_ours = event.source == OWN_SOURCE and event.actor is Actor.PERSON
    return is_ours and event.kind in _DECIDING


def _is_weighty(event: Event) -> bool:
    if event.kind == "note_added":
        return bool(event.data.get("objections"))
    minutes = event.data.get("duration_minutes")
    is_call = _CHANNEL.get(event.kind) == "phone"
    return is_call and isinstance(minutes, int | float) and minutes > LONG_CALL_MINUTES


def _is_lively(since: Iterable[Event], recent: Iterable[Event]) -> bool:
    """Turns of people, on both sides; and one of them since a person decided."""
    turns = [e for e in recent if _is_turn(e)]
    sides = {event.actor for event in turns}
    met = any(event.kind == "meeting_held" for event in turns)
    return (
        len(turns) >= LEAST_TURNS
        and (met or sides >= {Actor.LEAD, Actor.PERSON})
        and len({_CHANNEL[event.kind] for event in turns}) >= LEAST_CHANNELS
        and any(_is_turn(event) for event in since)
    )


def _is_turn(event: Event) -> bool:
    return event.kind in _CHANNEL and event.actor is not Actor.AUTOMATION
