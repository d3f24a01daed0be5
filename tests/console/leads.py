"""Leads for the console's tests, put into the store as events are."""

from datetime import timedelta

from features.event import Actor, Event
from serving.events.ingestion import ingest
from serving.runtime.service import Service
from tests.serving.builders import NOW


def arrive(service: Service, lead_id: str, visits: int = 1, **about: str) -> None:
    """A lead of Awa's, with so many visits; `about` are its attributes."""
    attributes = {"owner": "Awa Diallo", "sector": "industrie"} | about
    events = [
        make(
            f"{lead_id}-is", lead_id, "attributes_set", Actor.PERSON, 500, **attributes
        ),
        *(
            make(f"{lead_id}-{n}", lead_id, "page_viewed", page="tarifs", hours=n % 400)
            for n in range(visits)
        ),
    ]
    ingest(service, events, service.clock())


def make(
    event_id: str,
    lead_id: str,
    kind: str,
    actor: Actor = Actor.LEAD,
    hours: int = 1,
    **about: str,
) -> Event:
    at = NOW - timedelta(hours=hours)
    return Event(
        event_id=event_id,
        source="crm",
        lead_id=lead_id,
        kind=kind,
        occurred_at=at,
        received_at=at,
        actor=actor,
        data=about,
    )
