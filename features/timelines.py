"""Timelines: every lead's events, read once for whatever is asked of them later."""

import math
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import accumulate, count
from operator import itemgetter
from typing import Any
from weakref import finalize

import numpy as np
import orjson
import polars as pl

from features.aggregate import EventArrays, RowArrays
from features.arrays import BoolArray, FloatArray, IntArray
from features.catalogue import Catalogue
from features.compiled_catalogue import INSERTED_SOURCE, Program, program_of
from features.errors import LogError
from features.event import EVENT_SCHEMA, TIME, events_frame
from features.log import once_each
from features.matching import as_number, of_kind

MOMENT_SCHEMA = pl.Schema({"lead_id": pl.String(), "moment": TIME})
_SOME_TIME = datetime(1970, 1, 1, tzinfo=UTC)
MOST_KEPT = 5_000  # events; what is read of a request's frame is read once
_TEXTS = [name for name, dtype in EVENT_SCHEMA.items() if dtype == pl.String()]
_kept: "dict[int, dict[Catalogue, Timelines]]" = {}  # by frame, as long as it lives


@dataclass(frozen=True)
class Timelines:
    """The events of known kinds, by lead, time, source and identifier.

    `events` has the columns of EVENT_SCHEMA. `labels` are those of each value of the
    program, empty where it is a number.
    """

    events: pl.DataFrame
    arrays: EventArrays
    labels: tuple[tuple[str, ...], ...]
    program: Program

    def rows(
        self, moments: pl.DataFrame, known_at: pl.Series | None = None
    ) -> RowArrays:
        """Where the events of the lead of each of `moments` (MOMENT_SCHEMA) are.

        Only what was known at `known_at` (n_moments TIME) is seen; else what was at the
        moment.
        """
        lead_ids = moments["lead_id"].to_list()
        spans = [self._spans.get(lead_id, (0, 0)) for lead_id in lead_ids]
        start, end = np.array(spans, np.int64).reshape(-1, 2).T.copy()
        moment = microseconds(moments["moment"])
        known = moment if known_at is None else microseconds(known_at)
        return RowArrays(start, end, known, moment)

    def labels_of(self, column: int) -> tuple[str, ...]:
        """The labels of a column of the program that is a category or a text."""
        return self.labels[self.program.arrays.value[column]]

    @cached_property
    def sources(self) -> list[str]:
        return self.events["source"].to_list()

    @cached_property
    def event_ids(self) -> list[str]:
        return self.events["event_id"].to_list()

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """Where each lead's events begin and end."""
        n_events = Counter(self.events["lead_id"].to_list())
        ends = accumulate(n_events.values())
        return {
            lead_id: (end - n, end)
            for (lead_id, n), end in zip(n_events.items(), ends, strict=True)
        }


def timelines_of(events: pl.DataFrame, catalogue: Catalogue) -> Timelines:
    """Read the events that the catalogue's signals may read.

    Events of a kind that the catalogue doesn't know are left out: no signal reads
    them, not even one that names no kind. A small frame is read once by catalogue,
    however often it is asked: scores, their changes and rules ask in turn.

    `events` are of EVENT_SCHEMA; duplicates of a lead's (source, event_id) count once,
    the first received.
    """
    if events.height > MOST_KEPT:
        return _timelines(events, catalogue)
    if id(events) not in _kept:
        _kept[id(events)] = {}
        finalize(events, _kept.pop, id(events), None)
    by_catalogue = _kept[id(events)]
    if catalogue not in by_catalogue:
        by_catalogue[catalogue] = _timelines(events, catalogue)
    return by_catalogue[catalogue]


def _timelines(events: pl.DataFrame, catalogue: Catalogue) -> Timelines:
    known = _ordered(events, catalogue)
    every = pl.concat([known, _insertions(catalogue)])
    reads, values, labels = _read(every, catalogue)
    arrays = EventArrays(
        occurred=microseconds(every["occurred_at"]),
        received=microseconds(every["received_at"]),
        reads=reads,
        values=values,
        n_labels=np.array(list(map(len, labels)), np.int64),
        order=_order(every, program_of(catalogue)),
        first_insertion=known.height,
    )
    return Timelines(known, arrays, labels, program_of(catalogue))


def _ordered(events: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Those of known kinds, once each, by lead, time, source and identifier."""
    if events.height <= MOST_KEPT:
        return events[_order_of_few(events, catalogue.known_kinds)]
    return (
        once_each(events, "lead_id")
        .filter(pl.col("kind").is_in(catalogue.known_kinds))
        .sort("lead_id", "occurred_at", "source", "event_id")
    )


def _order_of_few(events: pl.DataFrame, kinds: Collection[str]) -> list[int]:
    """As `_ordered`, as positions: Polars takes longer to begin than this takes."""
    column = {name: events[name].to_list() for name in _TEXTS}
    occurred, received = (
        microseconds(events[name]).tolist() for name in ("occurred_at", "received_at")
    )
    lead, source, name = column["lead_id"], column["source"], column["event_id"]
    contents = zip(
        received, occurred, column["kind"], column["actor"], column["data"], strict=True
    )
    arrived = sorted(enumerate(contents), key=itemgetter(1))
    first = {(lead[i], source[i], name[i]): i for i, _ in reversed(arrived)}
    known = [i for i in first.values() if column["kind"][i] in kinds]
    return sorted(known, key=lambda i: (lead[i], occurred[i], source[i], name[i]))


def microseconds(times: pl.Series) -> IntArray:
    """Times of TIME as microseconds since 1970, (n,), int64."""
    return times.cast(pl.Int64).to_numpy()


@lru_cache(maxsize=32)
def _insertions(catalogue: Catalogue) -> pl.DataFrame:
    """The events that may be put in: when and for whom is told later."""
    insertions = program_of(catalogue).insertions
    return events_frame(insertion.event("", _SOME_TIME) for insertion in insertions)


def _order(events: pl.DataFrame, program: Program) -> IntArray:
    """Where each event stands among those that may be put in, by source and name."""
    names = sorted(insertion.event_id for insertion in program.insertions)
    source = events["source"]
    order = np.where((source > INSERTED_SOURCE).to_numpy(), len(names), 0)
    for event in (source == INSERTED_SOURCE).arg_true():
        order[event] = bisect_right(names, events["event_id"][event])
    order[events.height - len(names) :] -= 1
    return order


def _read(
    events: pl.DataFrame, catalogue: Catalogue
) -> tuple[BoolArray, FloatArray, tuple[tuple[str, ...], ...]]:
    """`reads` and `values` as EventArrays has them, and the labels of each value.

    Each content is parsed once, and the selectors asked once of what they ask about:
    leads' events repeat each other's.
    """
    program = program_of(catalogue)
    contents, of_event = _contents(events)
    of_kinds = {kind: of_kind(catalogue, kind) for kind in {k for k, _, _ in contents}}
    content_numbers, labels = _numbering(), [_numbering() for _ in program.values]
    n_values = len(program.values)
    values = array("d", [math.nan]) * (len(contents) * n_values)
    of_content = []
    for position, (kind, actor, data) in enumerate(contents):
        reader = of_kinds[kind]
        texts = reader.texts(_parsed(data, events))
        of_content.append(content_numbers[kind, actor, texts[: reader.n_asked]])
        for column, field, is_text in reader.values:
            text = texts[field]
            if text is not None:
                values[position * n_values + column] = (
                    labels[column][text] if is_text else as_number(text)
                )
    reads = np.zeros((len(content_numbers), len(program.selectors)), bool)
    for row, (kind, actor, said) in zip(reads, content_numbers, strict=True):
        row[of_kinds[kind].selectors(actor, said)] = True
    return (
        reads[np.array(of_content, np.int64)[of_event]],
        np.array(values).reshape(len(contents), n_values)[of_event],
        tuple(map(tuple, labels)),
    )


def _contents(events: pl.DataFrame) -> tuple[list[tuple[str, str, str]], IntArray]:
    """Each content once, and which of them each event has, (n_events,)."""
    content = ["kind", "actor", "data"]
    if events.height <= MOST_KEPT:  # Polars takes longer to begin than this takes
        place = _numbering()
        each = zip(*(events[name].to_list() for name in content), strict=True)
        of_event = np.array([place[texts] for texts in each], np.int64)
        return list(place), of_event
    groups = events.with_row_index().group_by(content, maintain_order=True).agg("index")
    members = groups["index"]
    of_event = np.empty(events.height, np.int64)
    of_event[members.explode().to_numpy()] = np.repeat(
        np.arange(groups.height), members.list.len().to_numpy()
    )
    return groups.select(content).rows(), of_event


def _numbering() -> defaultdict[Any, int]:
    """Numbers from 0, in the order in which they are asked for."""
    return defaultdict(count().__next__)


def _parsed(data: str, events: pl.DataFrame) -> dict[str, object]:
    """The data of an event as JSON.

    Raises LogError, which names the event, if they are no JSON object.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return value
    of_them = events.filter(pl.col("data") == data)
    source, event_id = of_them.select("source", "event_id").row(0)
    raise LogError(
        f"event {event_id!r} of source {source!r}: its data are no JSON object"
    )
