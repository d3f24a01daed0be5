"""Bringing a log into the store: how a service starts with its company's past."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import polars as pl

from features.errors import LogError
from features.event import Event, events_of
from features.log import Log, removed_leads
from governance.people.assurance import without_vouching
from governance.people.overrides import OWN_SOURCE
from serving.events.ingestion import FRESH, ingest_allowed
from serving.repositories.leads import stored_lead_ids
from serving.runtime.service import Service

logger = logging.getLogger(__name__)

LEADS_AT_ONCE = 50  # one transaction; a few thousand events


def open_leads(log: Log) -> list[str]:
    """The leads of a log that have come to no end yet."""
    ends = pl.col("kind").is_in([*log.about.won_kinds, *log.about.lost_kinds])
    state = log.events.group_by("lead_id").agg(ends.any().alias("ended"))
    opened = state.filter(~pl.col("ended")).join(
        removed_leads(log.events), on="lead_id", how="anti"
    )
    return opened["lead_id"].sort().to_list()


def missing_leads(service: Service, lead_ids: list[str]) -> list[str]:
    """Those of the leads that the store doesn't hold yet."""
    with service.store.reading() as session:
        stored = stored_lead_ids(session)
    return [lead_id for lead_id in lead_ids if lead_id not in stored]


def known_between(log: Log, since: datetime | None, until: datetime) -> Log:
    """The events of a log that became known after an instant and by another."""
    known_at = pl.max_horizontal("occurred_at", "received_at")
    chosen = known_at <= until
    if since is not None:
        chosen &= known_at > since
    return Log(log.about, log.events.filter(chosen))


def load_leads(
    service: Service,
    log: Log,
    lead_ids: list[str],
    now: datetime,
    progress: Callable[[int], None],
) -> None:
    """Store and score the events of these leads; what is stored already stays.

    What occurred before the last day is a history: who did it isn't asked, and nobody
    is called. `progress` is told how many leads are done.

    Raises LogError, before anything is stored, if the log has events of this service.
    """
    _refuse_own_source(log)
    for start in range(0, len(lead_ids), LEADS_AT_ONCE):
        some = lead_ids[start : start + LEADS_AT_ONCE]
        past = _events(log, some)
        _, refused = ingest_allowed(service, past, now, history_until=now - FRESH)
        for code, count in Counter(e.code for e in refused.values()).items():
            logger.warning("events_refused", extra={"cause": code, "count": count})
        progress(start + len(some))


def _refuse_own_source(log: Log) -> None:
    own = log.events.filter(pl.col("source") == OWN_SOURCE)
    for event in events_of(own.head(1)):
        raise LogError(
            f"log {log.about.name!r}, event {event.event_id!r} of lead "
            f"{event.lead_id!r}: the source {OWN_SOURCE!r} is this service's own, and "
            f"{own.height} events have it: give them another, or leave them out"
        )


def _events(log: Log, lead_ids: list[str]) -> list[Event]:
    """A log vouches for nobody: only a key does."""
    some = log.events.filter(pl.col("lead_id").is_in(lead_ids))
    return [
        replace(event, data=without_vouching(event.data)) for event in events_of(some)
    ]
