"""Reading and writing the log. The only module that knows its table."""

from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import polars as pl
from pydantic import JsonValue
from sqlalchemy import BindParameter, bindparam, func, insert, select, text, tuple_
from sqlalchemy.orm import Session, aliased

from features.event import ATTRIBUTES_KIND, EVENT_SCHEMA, Actor, Event
from governance.leads.sign_of_life import SIGNS_BY_DATA, is_sign_of_life
from governance.leads.state import STAGE_KINDS, owner_told, tells_owner, told_at
from governance.people.assurance import Vouched, vouched_in
from governance.people.overrides import OWN_SOURCE
from governance.people.privacy import PrivacyKind, PrivacyWishes
from governance.policy.removal import MERGED_KIND, REMOVAL_KINDS
from serving.database.engine import POSTGRESQL
from serving.database.tables import EventRow, LeadRow
from serving.repositories.leads import has_objected
from serving.repositories.rows import as_value, batches, columns_of

ROWS_AT_ONCE = 10_000
# What was told of a lead that was merged is told of the one that it is part of.
_SURVIVOR, _PART = aliased(LeadRow), aliased(LeadRow)
_EVENTS = select(
    EventRow.event_id,
    EventRow.source,
    _SURVIVOR.external_id,
    EventRow.kind,
    EventRow.occurred_at,
    EventRow.received_at,
    EventRow.actor,
    EventRow.data,
)
_EVENTS = _EVENTS.join(LeadRow, LeadRow.id == EventRow.lead_id).join(
    _SURVIVOR, _SURVIVOR.id == func.coalesce(LeadRow.merged_into, LeadRow.id)
)
# Made once: to make a statement takes longer than to carry it out.
_LEADS: BindParameter[Any] = bindparam("leads", expanding=True)
_PARTS = select(_PART.id).where(_PART.id.in_(_LEADS) | _PART.merged_into.in_(_LEADS))
_EVENTS_OF_LEADS = _EVENTS.where(EventRow.lead_id.in_(_PARTS)).order_by(EventRow.id)
_WISHES = EventRow.kind.in_([kind.value for kind in PrivacyKind])
_WISHES_OF_LEADS = _EVENTS_OF_LEADS.where(_WISHES)
_AMONG = tuple_(EventRow.source, EventRow.event_id).in_(
    bindparam("pairs", expanding=True)
)
_EVENTS_OF_PAIRS = _EVENTS.where(_AMONG)
_PAIRS = select(EventRow.source, EventRow.event_id, EventRow.id).where(_AMONG)
_DATED = STAGE_KINDS | REMOVAL_KINDS
_IN_PARTS = {"yield_per": ROWS_AT_ONCE}
Pair = tuple[str, str]  # (source, event_id): what makes an event itself


def pair_of(event: Event) -> Pair:
    return (event.source, event.event_id)


def stored_pairs(session: Session, pairs: Iterable[Pair]) -> frozenset[Pair]:
    """Those of the pairs that the log holds already."""
    return frozenset(stored_rows(session, pairs))


def stored_rows(session: Session, pairs: Iterable[Pair]) -> dict[Pair, int]:
    """The rows of some stored events: the only names of them that are our own."""
    return {
        (source, event_id): row
        for some in batches(sorted(pairs))
        for source, event_id, row in session.execute(_PAIRS, {"pairs": some})
    }


def events_of_pairs(session: Session, pairs: Collection[Pair]) -> dict[Pair, Event]:
    """Some stored events themselves."""
    return {
        pair_of(event): event
        for some in batches(sorted(pairs))
        for event in map(_as_event, session.execute(_EVENTS_OF_PAIRS, {"pairs": some}))
    }


@dataclass(frozen=True, kw_only=True)  # no slots: its schema inherits it
class LoggedEvent:
    """An event as the trace tells it: what happened, and who said so."""

    source: str
    event_id: str
    kind: str
    occurred_at: datetime


def logged_events(session: Session, rows: Iterable[int]) -> dict[int, LoggedEvent]:
    """The events of these rows of the log, of those that are still there."""
    stored = session.scalars(select(EventRow).where(EventRow.id.in_(set(rows))))
    return {row.id: as_value(LoggedEvent, row) for row in stored}


def vouched_events(session: Session, rows: Iterable[int]) -> dict[int, Vouched]:
    """Who did what these rows of the log tell, where a key vouches for somebody."""
    stored = session.execute(
        select(EventRow.id, EventRow.data).where(
            EventRow.id.in_(set(rows)), EventRow.source != OWN_SOURCE
        )
    )
    told = {row: vouched_in(orjson.loads(about)) for row, about in stored}
    return {row: vouched for row, vouched in told.items() if vouched is not None}


def data_of(
    session: Session, pairs: Iterable[Pair]
) -> dict[Pair, dict[str, JsonValue]]:
    """The data of some stored events."""
    statement = select(EventRow.source, EventRow.event_id, EventRow.data).where(_AMONG)
    return {
        (source, event_id): orjson.loads(data)
        for some in batches(pairs)
        for source, event_id, data in session.execute(statement, {"pairs": some})
    }


def add_events(
    session: Session, events: Sequence[Event], lead_uuids: Mapping[str, UUID]
) -> None:
    """Append events; their pairs are not in the log yet, their leads are stored."""
    if not events:
        return
    rows = [
        columns_of(
            EventRow,
            event,
            lead_id=lead_uuids[event.lead_id],
            data=orjson.dumps(event.data).decode(),
        )
        for event in events
    ]
    session.execute(insert(EventRow), rows)


def events_received(
    session: Session, until: datetime, kinds: Collection[str] | None = None
) -> Generator[pl.DataFrame]:
    """The log as it was known at an instant, without the leads that object to being
    profiled, in the order received: frames of EVENT_SCHEMA, of some thousands of rows
    each, of all kinds or of some. Read it to its end, or close it."""
    is_of_part = LeadRow.merged_into.is_not(None) & EventRow.kind.in_(REMOVAL_KINDS)
    chosen = (EventRow.received_at <= until) & ~has_objected(_SURVIVOR) & ~is_of_part
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
    values: dict[UUID, str] = {}
    for some in batches(lead_uuids):
        rows = session.execute(
            select(EventRow.lead_id, EventRow.data)
            .where(EventRow.lead_id.in_(some), EventRow.kind == ATTRIBUTES_KIND)
            .order_by(EventRow.occurred_at, EventRow.id)
        )
        for lead_uuid, about in rows:
            value = orjson.loads(about).get(name)
            if isinstance(value, str):
                values[lead_uuid] = value
    return values


def largest_of_lead(session: Session, lead_uuid: UUID, name: str) -> float | None:
    """The largest number that an attribute of a lead, or of what was merged into it,
    ever was; None: it was none."""
    statement = select(EventRow.data).where(
        EventRow.lead_id.in_(_PARTS), EventRow.kind == ATTRIBUTES_KIND
    )
    rows = session.scalars(statement, {"leads": [lead_uuid]})
    values = (orjson.loads(about).get(name) for about in rows)
    numbers = (
        float(value)
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool)
    )
    return max(numbers, default=None)


def settled_event(session: Session) -> int:
    """The last row of the log, once nobody is about to write an earlier one: waits for
    those who write, on PostgreSQL. Call it first in a transaction that writes."""
    if session.get_bind().dialect.name == POSTGRESQL:  # SQLite's writer is alone
        session.execute(text("LOCK TABLE event IN SHARE MODE"))
    return session.scalar(select(func.max(EventRow.id))) or 0


_AS_KEPT = select(
    EventRow.id,
    EventRow.lead_id,
    EventRow.event_id,
    EventRow.source,
    EventRow.kind,
    EventRow.occurred_at,
    EventRow.received_at,
    EventRow.actor,
    EventRow.data,
).order_by(EventRow.id)


def event_rows(session: Session, first: int, last: int) -> Generator[Sequence[Any]]:
    """Rows of the log as they are kept, in order, some thousands in memory at a time.
    Close it, if it isn't read to its end."""
    with session.execute(
        _AS_KEPT.where(EventRow.id.between(first, last)),
        execution_options={"yield_per": ROWS_AT_ONCE},
    ) as rows:
        yield from rows


def number_events_after(session: Session, last: int) -> None:
    """Number new rows of the log higher than this one, and than those that are there:
    once rows were copied, of which the last may have been erased."""
    there = session.scalar(select(func.max(EventRow.id))) or 0
    number = {"last": max(last, there, 1)}
    if session.get_bind().dialect.name == POSTGRESQL:
        sequence = "pg_get_serial_sequence('event', 'id')"
        session.execute(text(f"SELECT setval({sequence}, :last)"), number)
        return
    session.execute(text("DELETE FROM sqlite_sequence WHERE name = 'event'"))
    added = "INSERT INTO sqlite_sequence (name, seq) VALUES ('event', :last)"
    session.execute(text(added), number)


def event_rows_of_lead(session: Session, lead_uuid: UUID) -> Sequence[Sequence[Any]]:
    """The rows of a lead, as `event_rows` has them."""
    return session.execute(_AS_KEPT.where(EventRow.lead_id == lead_uuid)).all()


def told_wishes(session: Session, lead_uuids: Iterable[UUID]) -> list[Event]:
    """All that the people whom some leads are said of their data, in the order
    received."""
    rows = session.execute(_WISHES_OF_LEADS, {"leads": list(lead_uuids)})
    return [_as_event(row) for row in rows]


def wishes_told(session: Session) -> dict[UUID, PrivacyWishes]:
    """What the log says of each person's objections, by lead; of one that was merged,
    by the other as well."""
    wishes: dict[UUID, PrivacyWishes] = {}
    rows = session.execute(
        select(EventRow.lead_id, EventRow.kind, func.max(EventRow.occurred_at))
        .where(_WISHES)
        .group_by(EventRow.lead_id, EventRow.kind)
    )
    parts = session.execute(
        select(LeadRow.id, LeadRow.merged_into).where(LeadRow.merged_into.is_not(None))
    )
    merged = {part: whole for part, whole in parts if whole is not None}
    told = [(lead, kind, at) for lead, kind, at in rows]
    told += [(merged[lead], kind, at) for lead, kind, at in told if lead in merged]
    for lead, kind, at in told:
        known = wishes.get(lead, PrivacyWishes())
        wishes[lead] = known.at(kind, at)
    return wishes


def owners_told(session: Session) -> dict[UUID, str | None]:
    """Whose each lead is, as the log says it: what a rule writes counts at once, what
    another system tells if it is no older."""
    owners: dict[UUID, tuple[datetime, str | None]] = {}
    telling = _EVENTS.add_columns(EventRow.lead_id).where(
        EventRow.kind == ATTRIBUTES_KIND, EventRow.data.contains('"owner"')
    )
    rows = session.execute(
        telling.order_by(EventRow.id),
        execution_options={"yield_per": ROWS_AT_ONCE},
    )
    for *row, lead in rows:
        event = _as_event(row)
        since = owners[lead][0] if lead in owners else event.occurred_at
        is_news = event.source == OWN_SOURCE or event.occurred_at >= since
        if tells_owner(event) and is_news:
            owners[lead] = event.occurred_at, owner_told(event)
    return {lead: owner for lead, (_, owner) in owners.items()}


@dataclass(slots=True)
class LeadDates:
    """When what the log tells of a lead was: each stage, owner and removal (of which
    mergers), its first event, and the last sign of its life."""

    stages: set[datetime] = field(default_factory=set)
    owners: set[datetime] = field(default_factory=set)
    removals: set[datetime] = field(default_factory=set)
    mergers: set[datetime] = field(default_factory=set)
    entered: datetime | None = None
    last_sign: datetime | None = None

    def take_in(self, event: Event) -> None:
        at = event.occurred_at
        self.entered = min(self.entered or at, at)
        if is_sign_of_life(event):
            self.last_sign = max(self.last_sign or at, at)
        if event.kind in STAGE_KINDS:
            self.stages.add(told_at(event))
        if tells_owner(event):
            self.owners.add(at)
        if event.kind in REMOVAL_KINDS and event.source != OWN_SOURCE:
            self.removals.add(at)
        if event.kind == MERGED_KIND:
            self.mergers.add(at)


def dates_told(session: Session, leads: Iterable[UUID]) -> dict[UUID, LeadDates]:
    """When what the log tells of each of some leads was; of what says nothing of these
    dates but that it was, the database tells the first and the last."""
    dates: defaultdict[UUID, LeadDates] = defaultdict(LeadDates)
    is_telling = (
        EventRow.kind.in_(_DATED)
        | ((EventRow.kind == ATTRIBUTES_KIND) & EventRow.data.contains('"owner"'))
        | (EventRow.kind.in_(SIGNS_BY_DATA) & (EventRow.actor == Actor.PERSON.value))
    )
    for some in batches(leads):
        of_some = EventRow.lead_id.in_(some)
        telling = _EVENTS.add_columns(EventRow.lead_id).where(of_some, is_telling)
        with session.execute(telling, execution_options=_IN_PARTS) as rows:
            for *row, lead in rows:
                dates[lead].take_in(_as_event(row))
        others = (
            select(
                EventRow.lead_id,
                EventRow.kind,
                EventRow.actor,
                func.min(EventRow.occurred_at),
                func.max(EventRow.occurred_at),
            )
            .where(of_some, ~is_telling)
            .group_by(EventRow.lead_id, EventRow.kind, EventRow.actor)
        )
        for lead, kind, actor, *ends in session.execute(others):
            for at in ends:
                said: Sequence[Any] = ("", "", "", kind, at, at, actor, "{}")
                dates[lead].take_in(_as_event(said))
    return dates


def unknown_events(session: Session, known: Collection[str]) -> list[int]:
    """The rows of our own events whose ids aren't known."""
    own = select(EventRow.id, EventRow.event_id).where(EventRow.source == OWN_SOURCE)
    rows = session.execute(
        own.order_by(EventRow.id), execution_options={"yield_per": ROWS_AT_ONCE}
    )
    return [row for row, event in rows if event not in known]


def events_there(session: Session, rows: Iterable[int]) -> frozenset[int]:
    """Those of these rows of the log that are there."""
    return frozenset(
        row
        for some in batches(sorted(rows))
        for row in session.scalars(select(EventRow.id).where(EventRow.id.in_(some)))
    )


def own_words(session: Session, lead_uuid: UUID, kind: str) -> dict[datetime, str]:
    """What people wrote on a lead in our own events of a kind, by when they did."""
    rows = session.execute(
        select(EventRow.occurred_at, EventRow.data).where(
            EventRow.lead_id == lead_uuid,
            EventRow.source == OWN_SOURCE,
            EventRow.kind == kind,
        )
    )
    texts = {at: orjson.loads(about).get("text") for at, about in rows}
    return {at: text for at, text in texts.items() if text}


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
    event_id, source, lead_id, kind, occurred_at, received_at, actor, data = row
    return Event(
        event_id=event_id,
        source=source,
        lead_id=lead_id,
        kind=kind,
        occurred_at=occurred_at,
        received_at=received_at,
        actor=Actor(actor),
        data=orjson.loads(data),
    )


def _frame(rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in rows], schema=EVENT_SCHEMA, orient="row")
