"""Builders: valid by default, so that a test states only what matters to it."""

from datetime import UTC, datetime
from typing import Any

from features.catalogue import Catalogue, parse_catalogue
from features.event import Actor, Event, events_frame
from features.log import Log, LogAbout

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def make_event(**overrides: Any) -> Event:
    """A visit of the pricing page, now; received when it occurred."""
    defaults: dict[str, Any] = {
        "event_id": "E-1",
        "source": "site",
        "lead_id": "L-1",
        "kind": "page_viewed",
        "occurred_at": NOW,
        "received_at": overrides.get("occurred_at", NOW),
        "actor": Actor.LEAD,
        "data": {"page": "tarifs"},
    }
    return Event(**defaults | overrides)


def make_events(*each: dict[str, Any]) -> list[Event]:
    """One event for each set of overrides, numbered E-1, E-2, …"""
    return [
        make_event(**{"event_id": f"E-{number}"} | overrides)
        for number, overrides in enumerate(each, start=1)
    ]


def make_log(*events: Event, **about: Any) -> Log:
    """A log of these events, or of one."""
    named = LogAbout(**{"name": "essai"} | about)
    return Log(named, events_frame(events or [make_event()]))


def make_catalogue(*, top: str = "", **signals: str) -> Catalogue:
    """A catalogue of one idea, with one signal for each name and its TOML.

    Examples
    --------
    >>> make_catalogue(visits='count = { kind = "page_viewed" }').names
    ('visits',)
    """
    return parse_catalogue(catalogue_text(top=top, **signals))


def catalogue_text(*, top: str = "", **signals: str) -> str:
    """What `make_catalogue` parses; `top` stands before the idea."""
    given = signals or {"visits": 'count = { kind = "page_viewed" }'}
    idea = '[[idea]]\nname = "interet"\nexpected = "appel"'
    tables = [
        f'[[signal]]\nname = "{name}"\nidea = "interet"\n{aggregate}'
        for name, aggregate in given.items()
    ]
    return "\n\n".join(['name = "essai"', top, idea, *tables, ""])
