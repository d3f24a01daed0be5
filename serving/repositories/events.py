"""Reading and writing the log. The only module that knows its table."""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import polars as pl
from pydantic import JsonValue
from sqlalchemy import bindparam, insert, select, tuple_
from sqlalchemy.orm import Session

from features.event import ATTRIBUTES_KIND, EVENT_SCHEMA, Actor, Event
from governance.people.overrides import OWN_SOURCE
from serving.database.tables import EventRow, LeadRow
from serving.repositories.rows import as_value, batches

ROWS_AT_ONCE = 10_000
_EVENTS = select(
    EventRow.event_id,
    EventRow.source,
    LeadRow.external_id,
    EventRow.kind,
    EventRow.occurred_at,
    EventRow.received_at,
    EventRow.actor,
    EventRow.data,
).join(LeadRow, LeadRow.id == EventRow.lead_id)
# Made once: to make a statement takes longer than to carry it out.
_EVENTS_OF_LEADS = _EVENTS.where(
    EventRow.lead_id.in_(bindparam("leads", expanding=True))
).order_by(EventRow.id)
_AMONG = tuple_(EventRow.source, EventRow.event_id).in_(
    bindparam("pairs", expanding=True)
)
_PAIRS = select(EventRow.source, EventRow.event_id).where(_AMONG)
_PAIRS_WITH_ROWS = select(EventRow.source, EventRow.event_id, EventRow.id).where(_AMONG)
Pair = tuple[str, str]  # (source, event_id): what makes an event itself


def pair_of(event: Event) -> Pair:
    return (event.source, event.event_id)


def stored_pairs(session: Session, pairs: Iterable[Pair]) -> frozenset[Pair]:
    """Those of the pairs that the log holds already."""
    return frozenset(
        (source, event_id)
        for some in batches(sorted(pairs))
        for source, event_id in session.execute(_PAIRS, {"pairs": some})
    )


def stored_rows(session: Session, events: Iterable[Event]) -> dict[Pair, int]:
    """The rows of some stored events: the only names of them that are our own."""
    pairs = sorted({pair_of(event) for event in events})
    if not pairs:
        return {}
    rows = session.execute(_PAIRS_WITH_ROWS, {"pairs": pairs})
    return {(source, event_id): row for source, event_id, row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event as the trace tells it: what happened, and who said so."""

    event_id: str
    source: str
    kind: str
    occurred_at: datetime


def logged_events(session: Session, rows: Iterable[int]) -> dict[int, LoggedEvent]:
    """The events of these rows of the log, of those that are still there."""
    found = session.scalars(select(EventRow).where(EventRow.id.in_(set(rows))))
    return {row.id: as_value(LoggedEvent, row) for row in found}


def data_of(
    session: Session, pairs: Iterable[Pair]
) -> dict[Pair, dict[str, JsonValue]]:
    """The data of some stored events."""
    wanted = list(pairs)
    if not wanted:
        return {}
    rows = session.execute(
        select(EventRow.source, EventRow.event_id, EventRow.data).where(_AMONG),
        {"pairs": wanted},
    )
    return {(row.source, row.event_id): orjson.loads(row.data) for row in rows}


def add_events(
    session: Session, events: Sequence[Event], lead_uuids: Mapping[str, UUID]
) -> None:
    """Append events; their pairs are not in the log yet, their leads are stored."""
    if not events:
        return
    rows = [
        {
            "lead_id": lead_uuids[event.lead_id],
            "event_id": event.event_id,
            "source": event.source,
            "kind": event.kind,
            "occurred_at": event.occurred_at,
            "received_at": event.received_at,
            "actor": event.actor.value,
            "data": orjson.dumps(event.data).decode(),
        }
        for event in events
    ]
    session.execute(insert(EventRow), rows)


def events_received(
    session: Session, until: datetime, kinds: Collection[str] | None = None
) -> Generator[pl.DataFrame]:
    """The log as it was known at an instant, in the order received: frames of
    EVENT_SCHEMA, of some thousands of rows each, of all kinds or of some. Read it to
    its end, or close it."""
    chosen = EventRow.received_at <= until
    if kinds is not None:
        chosen &= EventRow.kind.in_(kinds)
    with session.execute(
        _EVENTS.where(chosen).order_by(EventRow.id),
        execution_options={"yield_per": ROWS_AT_ONCE},
    ) as rows:
        for some in rows.partitions():
            yield _frame(some)


def attribute_of_leads(
    session: Session, lead_uuids: Iterable[UUID], name: str
) -> dict[UUID, str]:
    """An attribute of some leads, as it was last set, where it is a text."""
    found: dict[UUID, str] = {}
    for some in batches(lead_uuids):
        rows = session.execute(
            select(EventRow.lead_id, EventRow.data)
            .where(EventRow.lead_id.in_(some), EventRow.kind == ATTRIBUTES_KIND)
            .order_by(EventRow.occurred_at, EventRow.id)
        )
        for lead_uuid, about in rows:
            value = orjson.loads(about).get(name)
            if isinstance(value, str):
                found[lead_uuid] = value
    return found


def own_words(session: Session, lead_uuid: UUID, kind: str) -> dict[datetime, str]:
    """What people wrote on a lead in our own events of a kind, by when they did."""
    rows = session.execute(
        select(EventRow.occurred_at, EventRow.data).where(
            EventRow.lead_id == lead_uuid,
            EventRow.source == OWN_SOURCE,
            EventRow.kind == kind,
        )
    )
    told = ((at, orjson.loads(about).get("text")) for at, about in rows)
    return {at: text for at, text in told if text}


def stored_events(session: Session, lead_uuids: Iterable[UUID]) -> list[Event]:
    """The log of some leads, in the order received."""
    rows = session.execute(_EVENTS_OF_LEADS, {"leads": list(lead_uuids)})
    return [_as_event(row) for row in rows]


def events_since(
    session: Session, lead_uuids: Iterable[UUID], since: datetime
) -> list[Event]:
    """What was received of some leads after an instant, in the order it occurred."""
    rows = session.execute(
        _EVENTS.where(
            EventRow.lead_id.in_(list(lead_uuids)), EventRow.received_at > since
        ).order_by(EventRow.occurred_at, EventRow.id)
    )
    return [_as_event(row) for row in rows]


def _as_event(row: Sequence[Any]) -> Event:
    event_id, source, lead_id, kind, occurred_at, received_at, actor, told = row
    return Event(
        event_id=event_id,
        source=source,
        lead_id=lead_id,
        kind=kind,
        occurred_at=occurred_at,
        received_at=received_at,
        actor=Actor(actor),
        data=orjson.loads(told),
    )


def _frame(rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in rows], schema=EVENT_SCHEMA, orient="row")
