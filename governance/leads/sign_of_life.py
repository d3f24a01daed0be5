"""What shows that a lead is alive: what silence is counted from."""

from features.event import Actor, Event

ANSWERED = "joint"  # the outcome of a call that met somebody; company data
# Of people these are signs, or not, by what the data says.
SIGNS_BY_DATA = frozenset({"call_made", "note_added"})
_SHARED = frozenset({"call_received", "meeting_held"})  # nobody does these alone


def is_sign_of_life(event: Event) -> bool:
    """Did the lead act, or take part in what a person of ours tells of?

    That is a meeting, a call that it made or answered, or a note from the field that
    has a tone or objections: these are heard in an exchange. What we do alone (a mail,
    a quote, a voicemail) and what automation does are no sign of the lead.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 24, tzinfo=UTC)
    >>> event = Event(
    ...     event_id="1", source="crm", lead_id="L-1", kind="call_made",
    ...     occurred_at=at, received_at=at, actor=Actor.PERSON,
    ...     data={"outcome": "messagerie"},
    ... )
    >>> is_sign_of_life(event)
    False
    """
    if event.actor is not Actor.PERSON:
        return event.actor is Actor.LEAD
    match event.kind:
        case "call_made":
            return event.data.get("outcome") == ANSWERED
        case "note_added":
            has_tone = event.data.get("tone") is not None
            return has_tone or bool(event.data.get("objections"))
        case kind:
            return kind in _SHARED
