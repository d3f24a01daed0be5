"""Catalogue compiled for the kernels: its columns, selectors, values and readers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import lru_cache
from math import inf
from typing import NamedTuple

import numpy as np

from features.arrays import BoolArray, FloatArray, IntArray
from features.catalogue import Awaited, Catalogue, Last, Nature, Signal, Step
from features.errors import CatalogueError
from features.event import ATTRIBUTES_KIND, Actor, Event
from features.selector import FieldSelector, Selector

NONE = -1  # no selector, value, field or event
WHOLE = 1 << 62  # the bit that says: the whole event; those below are fields
MOST_FIELDS = 62
INSERTED_SOURCE = "frein"


class Op(IntEnum):
    """What a column makes of the events that it reads."""

    COUNT = 0
    DAYS_SINCE_LAST = 1
    DAYS_SINCE_FIRST = 2
    DISTINCT = 3
    SUM = 4
    MEAN = 5
    SHARE = 6
    TREND = 7
    LATENCY_MEDIAN = 8
    LATENCY_LAST = 9
    LATENCY_PENDING = 10
    LAST = 11
    FIRST_AT = 12
    LAST_AT = 13


class ProgramArrays(NamedTuple):
    """The program as the kernels read it.

    Per column: `op`, the positions of its `first` and `second` selector and of its
    `value`, and its `window` in days. Per selector: the selector it comes `after`, and
    the bits of the `fields` it reads. Per value: the bit of its field. `readers` of
    idea i are those from `readers_of[i]` to `readers_of[i + 1]`: selector, window and
    value as above, the attribute `field` that is its evidence, and whether it reads
    `any_kind`. `attributes` is the selector of attributes.
    """

    op: IntArray
    first: IntArray
    second: IntArray
    value: IntArray
    window: FloatArray
    after: IntArray
    fields: IntArray
    value_field: IntArray
    readers_of: IntArray
    reader_selector: IntArray
    reader_window: FloatArray
    reader_value: IntArray
    reader_field: IntArray
    reader_any_kind: BoolArray
    attributes: int


@dataclass(frozen=True, slots=True)
class Value:
    """A field read as a number, or as text."""

    field: str
    is_text: bool


@dataclass(frozen=True, slots=True)
class Insertion:
    """An event that may be put in, to see what it would change."""

    event_id: str
    kind: str
    actor: Actor
    data: Mapping[str, str | int | float]

    def event(self, lead_id: str, at: datetime) -> Event:
        return Event(
            event_id=self.event_id,
            source=INSERTED_SOURCE,
            lead_id=lead_id,
            kind=self.kind,
            occurred_at=at,
            received_at=at,
            actor=self.actor,
            data=self.data,
        )


@dataclass(frozen=True, slots=True)
class Program:
    """Selectors and values that are read once per event, and the arrays.

    The first columns are the catalogue's signals. Then come, for each idea that awaits
    an event, three columns (`waits`), and the segment last, if the catalogue has one.
    `insertions` are the events that may be put in: those awaited, then the steps.
    `fields` are those that can be taken away alone, by bit.
    """

    arrays: ProgramArrays
    ideas: tuple[str, ...]
    selectors: tuple[Selector, ...]
    values: tuple[Value, ...]
    fields: tuple[str, ...]
    waits: tuple[str, ...]
    insertions: tuple[Insertion, ...]
    n_signals: int

    @property
    def n_columns(self) -> int:
        return len(self.arrays.op)


@dataclass(frozen=True, slots=True)
class _Column:
    op: Op
    first: Selector
    second: Selector | None = None
    window: float = inf

    @property
    def value(self) -> "Value | None":
        return _value(self.first, self.op)


@lru_cache(maxsize=32)
def program_of(catalogue: Catalogue) -> Program:
    """Compile a catalogue.

    Raises CatalogueError if its reasons rest on more attributes than there are bits
    for.
    """
    waits = tuple((idea.name, idea.awaited) for idea in catalogue.idea if idea.awaited)
    columns = [_column(signal) for signal in catalogue.signals]
    columns += [column for _, awaited in waits for column in _wait(awaited)]
    if catalogue.segment is not None:
        by = Last(kind=(ATTRIBUTES_KIND,), field=catalogue.segment, type="category")
        columns.append(_Column(Op.LAST, by))
    readers = [list(_readers(catalogue, idea)) for idea in catalogue.ideas]
    fields = tuple(sorted({r.field for some in readers for r in some if r.field}))
    if len(fields) > MOST_FIELDS:
        raise CatalogueError(
            f"catalogue {catalogue.name!r}: reasons rest on {len(fields)} attributes, "
            f"over {MOST_FIELDS}: merge some, or make their ideas context"
        )
    tables = _Tables(fields)
    arrays = tables.arrays(columns, readers)
    return Program(
        arrays=arrays,
        ideas=tuple(catalogue.ideas),
        selectors=tuple(tables.selectors),
        values=tuple(tables.values),
        fields=fields,
        waits=tuple(name for name, _ in waits),
        insertions=(
            *(_inserted(f"awaited-{name}", awaited) for name, awaited in waits),
            *(_inserted(f"step-{step.name}", step) for step in catalogue.step),
        ),
        n_signals=len(catalogue.signals),
    )


def _inserted(event_id: str, event: Awaited | Step) -> Insertion:
    return Insertion(event_id, event.kind, event.actor, event.content)


def _column(signal: Signal) -> _Column:
    window = _window(signal)
    if signal.latency is not None:
        op = Op[f"LATENCY_{signal.latency.statistic.upper()}"]
        return _Column(op, signal.latency.from_, signal.latency.to)
    if signal.share is not None:
        return _Column(Op.SHARE, signal.share.among, signal.share.of, window)
    (selector,) = signal.selectors
    return _Column(Op[signal.aggregate.upper()], selector, window=window)


# --- Waits ------------------------------------------------------------------


def _wait(awaited: Awaited) -> Iterator[_Column]:
    """When the wait began, when the event came, and when another did in its place."""
    begins = Op.LAST_AT if awaited.after else Op.FIRST_AT
    yield _Column(begins, awaited.anchor)
    yield _Column(Op.LAST_AT, awaited.selector)
    instead = Selector(kind=awaited.unless) if awaited.unless else awaited.selector
    yield _Column(Op.LAST_AT, instead)


# --- Evidence ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reader:
    """What a signal reads, as evidence; `field` is set where that is an attribute."""

    selector: Selector
    value: Value | None
    window: float
    field: str | None


def _readers(catalogue: Catalogue, idea: str) -> Iterator[_Reader]:
    if catalogue.ideas[idea].nature is Nature.CONTEXT:
        return
    for signal in catalogue.signals_of(idea):
        window = _window(signal) * (1 if signal.trend is None else 2)
        selectors = signal.selectors if signal.share is None else (signal.share.among,)
        for selector in selectors:
            value = _value(selector, _column(signal).op)
            yield _Reader(selector, value, window, _attribute(selector))


def _attribute(selector: Selector) -> str | None:
    """The field that is evidence by itself; the rest of its event speaks of others."""
    if isinstance(selector, FieldSelector) and selector.kind == (ATTRIBUTES_KIND,):
        return selector.field
    return None


# --- Tables -----------------------------------------------------------------


class _Tables:
    """Each selector and value once; columns and readers by their positions."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self.selectors: dict[Selector, int] = {}
        self.values: dict[Value, int] = {}

    def arrays(
        self, columns: list[_Column], readers: list[list[_Reader]]
    ) -> ProgramArrays:
        every = [reader for some in readers for reader in some]
        attributes = self._selector(Selector(kind=(ATTRIBUTES_KIND,)))
        first = _integers(self._selector(column.first) for column in columns)
        second = _integers(self._selector(column.second) for column in columns)
        value = _integers(self._value(column.value) for column in columns)
        reader_selector = _integers(self._selector(reader.selector) for reader in every)
        reader_value = _integers(self._value(reader.value) for reader in every)
        after = _integers(self._after())
        return ProgramArrays(
            op=_integers(column.op for column in columns),
            first=first,
            second=second,
            value=value,
            window=np.array([column.window for column in columns], np.float64),
            after=after,
            fields=_integers(
                self._bits(selector.fields) for selector in self.selectors
            ),
            value_field=_integers(self._bits({value.field}) for value in self.values),
            readers_of=np.cumsum([0, *map(len, readers)], dtype=np.int64),
            reader_selector=reader_selector,
            reader_window=np.array([reader.window for reader in every], np.float64),
            reader_value=reader_value,
            reader_field=_integers(
                NONE if reader.field is None else self.fields.index(reader.field)
                for reader in every
            ),
            reader_any_kind=np.array(
                [not reader.selector.kind for reader in every], bool
            ),
            attributes=attributes,
        )

    def _selector(self, selector: Selector | None) -> int:
        """Its position; what is done with the field is the value's affair."""
        if selector is None:
            return NONE
        bare = Selector(
            kind=selector.kind,
            actor=selector.actor,
            where=selector.where,
            after=selector.after,
        )
        return self.selectors.setdefault(bare, len(self.selectors))

    def _value(self, value: Value | None) -> int:
        return (
            NONE if value is None else self.values.setdefault(value, len(self.values))
        )

    def _after(self) -> list[int]:
        """Per selector, that of the kind it comes after; those added here have none."""
        after = [
            NONE if kind is None else self._selector(Selector(kind=(kind,)))
            for kind in [selector.after for selector in self.selectors]
        ]
        return after + [NONE] * (len(self.selectors) - len(after))

    def _bits(self, fields: frozenset[str] | set[str]) -> int:
        return WHOLE | sum(1 << self.fields.index(f) for f in fields & {*self.fields})


def _integers(numbers: Iterable[int]) -> IntArray:
    return np.fromiter(numbers, np.int64)


def _window(signal: Signal) -> float:
    return inf if signal.window_days is None else signal.window_days


def _value(selector: Selector, op: Op) -> Value | None:
    """What is read of an event: categories are text, and so is what differs."""
    if not isinstance(selector, FieldSelector):
        return None
    is_number = not isinstance(selector, Last) or selector.type == "number"
    return Value(selector.field, is_text=not is_number or op is Op.DISTINCT)
