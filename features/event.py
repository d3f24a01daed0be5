"""Events: something that happened to a lead, and when it was known."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import orjson
import polars as pl
from pydantic import JsonValue

TIME = pl.Datetime("us", "UTC")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
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


def times(name: str, values: Iterable[datetime]) -> pl.Series:
    """Aware datetimes as a column of TIME; Polars itself takes ten times as long."""
    since_epoch = [(value - _EPOCH) // _MICROSECOND for value in values]
    return pl.Series(name, since_epoch, pl.Int64).cast(TIME)


def events_frame(events: Iterable[Event]) -> pl.DataFrame:
    """The events as a frame of `EVENT_SCHEMA`, one row an event, in the order given."""
    listed = list(events)
    data = [orjson.dumps(event.data).decode() for event in listed]
    return pl.DataFrame(
        [
            pl.Series("event_id", [event.event_id for event in listed], pl.String),
            pl.Series("source", [event.source for event in listed], pl.String),
            pl.Series("lead_id", [event.lead_id for event in listed], pl.String),
            pl.Series("kind", [event.kind for event in listed], pl.String),
            times("occurred_at", [event.occurred_at for event in listed]),
            times("received_at", [event.received_at for event in listed]),
            pl.Series("actor", [event.actor.value for event in listed], pl.String),
            pl.Series("data", data, pl.String),
        ]
    )


def events_of(frame: pl.DataFrame) -> Iterator[Event]:
    """The events of a frame of `EVENT_SCHEMA`, in its order."""
    for row in frame.iter_rows(named=True):
        row["actor"], row["data"] = Actor(row["actor"]), orjson.loads(row["data"])
        yield Event(**row)
