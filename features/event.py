"""An event: something that happened to a lead, and when we knew it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import orjson
import polars as pl
from pydantic import JsonValue

TIME = pl.Datetime("us", "UTC")
ATTRIBUTES_KIND = "attributes_set"  # who the lead is, as its data say
# What people say of a priority, in the service: a log from elsewhere has none yet.
OPINION_KINDS = frozenset({"priority_contested", "priority_confirmed"})

EVENT_SCHEMA = pl.Schema(
    {
        "event_id": pl.String(),
        "source": pl.String(),
        "lead_id": pl.String(),
        "kind": pl.String(),
        "occurred_at": TIME,
        "received_at": TIME,
        "actor": pl.String(),
        "data": pl.String(),  # a JSON object, as text: kinds are an open set
    }
)


class Actor(StrEnum):
    """Who acted."""

    LEAD = "lead"
    PERSON = "person"
    AUTOMATION = "automation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of the log.

    `occurred_at` is when it happened, `received_at` when we knew: a signal at a
    moment may use the event only if both are past.
    """

    event_id: str
    source: str
    lead_id: str
    kind: str
    occurred_at: datetime
    received_at: datetime
    actor: Actor
    data: Mapping[str, JsonValue]


def events_frame(events: Iterable[Event]) -> pl.DataFrame:
    """The events as a frame of `EVENT_SCHEMA`, one row an event, in the order given."""
    rows = [
        (
            event.event_id,
            event.source,
            event.lead_id,
            event.kind,
            event.occurred_at,
            event.received_at,
            event.actor.value,
            orjson.dumps(event.data).decode(),
        )
        for event in events
    ]
    return pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")


def events_of(frame: pl.DataFrame) -> Iterator[Event]:
    """The events of a frame of `EVENT_SCHEMA`, in its order."""
    for row in frame.iter_rows(named=True):
        told = {"actor": Actor(row["actor"]), "data": orjson.loads(row["data"])}
        yield Event(**row | told)
