"""Random logs and moments for a catalogue, awkward on purpose (hypothesis)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from pydantic import JsonValue

from features.catalogue import Catalogue
from features.event import Actor, Event, events_frame
from features.featurise import moments_frame
from tests.factories import NOW

LEADS = ("L-1", "L-2", "é|3")
UNKNOWN_KINDS = ("email_opened", "won", "lost", "never_heard_of")
ODD_VALUES: tuple[JsonValue, ...] = (
    None,
    "",
    'é’\u2028« a"b »',
    0,
    5,
    5.0,
    -3.5,
    2**60,
    True,
    "12",
    "+1.5e1",
    "12,5",
    " 7 ",
    "1_0",
    "٣",
    "nan",
    "inf",
    "null",
    [],
    [5, "5", True, None],
    ['x,"prix",y', "b"],
    '["prix", "autre"]',
    "[prix",
    [["prix"]],
    [{"prix": 1}],
    {"b": {"c": 1}, "a": 2},
)
AGES_HOURS = (0, 1, 5, 24, 72, 144, 168, 336, 672, 720, 1440)  # edges of windows
NUDGES = tuple(timedelta(microseconds=us) for us in (0, 0, 0, 1, -1, 2_000_000_123))
LAGS_HOURS = (0, 0, 0, 1, 24, 500, -1)


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of some leads, and the moments at which they are looked at."""

    events: list[Event]
    moments: list[tuple[str, datetime]]

    @property
    def events_frame(self) -> pl.DataFrame:
        return events_frame(self.events)

    @property
    def moments_frame(self) -> pl.DataFrame:
        return moments_frame(self.moments)


@st.composite
def cases(draw: DrawFn, catalogue: Catalogue) -> Case:
    """Equal times, late arrivals, repeats, unknown kinds, odd values."""
    every_kind = st.sampled_from((*catalogue.known_kinds, *UNKNOWN_KINDS))
    kinds = tuple(draw(st.lists(every_kind, min_size=1, max_size=9)))  # few: they meet
    size = draw(st.integers(0, 24))
    event = _events(catalogue, kinds)
    drawn = draw(st.lists(event, min_size=size, max_size=size))
    numbered = [replace(one, event_id=f"E-{i}") for i, one in enumerate(drawn)]
    moment = st.sampled_from(AGES_HOURS[:6]).map(lambda h: NOW - timedelta(hours=h))
    pair = st.tuples(st.sampled_from(LEADS), moment)
    again = draw(repeats(catalogue, numbered))
    return Case([*numbered, *again], draw(st.lists(pair, min_size=1, max_size=4)))


@st.composite
def repeats(draw: DrawFn, catalogue: Catalogue, events: list[Event]) -> list[Event]:
    """Some of these events sent again later, with other content."""
    if not events:
        return []
    content = _events(catalogue, (*catalogue.known_kinds, *UNKNOWN_KINDS))
    later = st.sampled_from([timedelta(microseconds=1), timedelta(days=3)])
    drawn = draw(
        st.lists(st.tuples(st.sampled_from(events), content, later), max_size=3)
    )
    return [
        replace(
            other,
            event_id=event.event_id,
            source=event.source,
            lead_id=event.lead_id,
            received_at=event.received_at + delay,
        )
        for event, other, delay in drawn
    ]


@st.composite
def strangers(draw: DrawFn, catalogue: Catalogue) -> list[Event]:
    """Events of kinds that no catalogue here knows."""
    drawn = draw(st.lists(_events(catalogue, UNKNOWN_KINDS), min_size=1, max_size=5))
    return [replace(one, event_id=f"S-{i}") for i, one in enumerate(drawn)]


@st.composite
def future(draw: DrawFn, catalogue: Catalogue, moment: datetime) -> list[Event]:
    """Events that at this moment had not occurred yet, or were not received."""
    drawn = draw(
        st.lists(_events(catalogue, catalogue.known_kinds), min_size=1, max_size=5)
    )
    after = st.sampled_from([timedelta(microseconds=1), timedelta(days=9)])
    found = []
    for number, event in enumerate(drawn):
        late = moment + draw(after)
        field = draw(st.sampled_from(["occurred_at", "received_at"]))
        found.append(
            replace(event, event_id=f"F-{number}", **{field: late})  # type: ignore[arg-type] # both are datetimes
        )
    return found


@st.composite
def _events(draw: DrawFn, catalogue: Catalogue, kinds: tuple[str, ...]) -> Event:
    age = timedelta(hours=draw(st.sampled_from(AGES_HOURS)))
    occurred_at = NOW - age + draw(st.sampled_from(NUDGES))
    lag = timedelta(hours=draw(st.sampled_from(LAGS_HOURS)))
    return Event(
        event_id="",
        source=draw(st.sampled_from(["crm", "site"])),
        lead_id=draw(st.sampled_from(LEADS)),
        kind=draw(st.sampled_from(kinds)),
        occurred_at=occurred_at,
        received_at=occurred_at + lag,
        actor=draw(st.sampled_from(Actor)),
        data=draw(_data(catalogue)),
    )


def _data(catalogue: Catalogue) -> SearchStrategy[dict[str, JsonValue]]:
    fields = sorted(set(catalogue.fields) - {"@kind"})
    selectors = [one for signal in catalogue.signals for one in signal.selectors]
    wanted = sorted({str(one) for s in selectors for _, w in s.where for one in w})
    plain: SearchStrategy[JsonValue] = st.sampled_from([*wanted, *wanted, *range(1, 9)])
    value = plain | st.sampled_from(ODD_VALUES) | st.lists(plain, max_size=3)
    return st.dictionaries(st.sampled_from(fields), value, max_size=3)
