"""A slow `featurise` in plain Python: one event after another, as the docs say."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import isfinite
from statistics import fmean, median

import orjson
from pydantic import JsonValue

from features.catalogue import Catalogue, Last, Latency, Signal
from features.event import Event
from features.selector import FieldSelector, Selector

Value = float | str | None  # None is unknown
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HOURS_OF_UNIT = {"h": 1, "d": 24, "w": 7 * 24}


def reference(
    events: Iterable[Event],
    moments: Iterable[tuple[str, datetime]],
    catalogue: Catalogue,
) -> list[dict[str, Value]]:
    """The signals of each lead at each moment, in the order of `moments`."""
    every = list(events)
    return [
        _Seen(every, lead_id, moment, catalogue).row() for lead_id, moment in moments
    ]


class _Seen:
    """A lead's events as they were known at a moment, in the order they occurred."""

    def __init__(
        self, events: list[Event], lead_id: str, moment: datetime, catalogue: Catalogue
    ) -> None:
        kinds = _kinds_known_to(catalogue)
        self.moment = moment
        self.catalogue = catalogue
        self.events = sorted(
            (
                event
                for event in _first_received(e for e in events if e.lead_id == lead_id)
                if event.kind in kinds
                and event.occurred_at <= moment
                and event.received_at <= moment
            ),
            key=lambda event: (event.occurred_at, event.source, event.event_id),
        )

    def row(self) -> dict[str, Value]:
        return {one.name: self.value(one) for one in self.catalogue.signals}

    def value(self, signal: Signal) -> Value:
        if signal.latency is not None:
            return self.latency(signal.latency)
        if signal.share is not None:
            return self.share(signal)
        window = _window(signal)
        (selector,) = signal.selectors
        if signal.trend is not None:
            assert window is not None
            recent = len(self.meant(selector, window))
            return float(recent - (len(self.meant(selector, 2 * window)) - recent))
        meant = self.meant(selector, window)
        if isinstance(selector, FieldSelector):
            return _of_values(signal, [_field(one, selector.field) for one in meant])
        return _of_ages(signal, [self.age(one) / DAY for one in meant])

    def share(self, signal: Signal) -> Value:
        assert signal.share is not None
        among = self.meant(signal.share.among, _window(signal))
        of = self.meant(signal.share.of, None)
        return sum(one in of for one in among) / len(among) if among else None

    def latency(self, latency: Latency) -> Value:
        asks, answers = self.meant(latency.from_), self.meant(latency.to)
        asked_at: datetime | None = None  # of the question that waits, if one does
        hours: list[float] = []
        for event in self.events:
            if event in answers and asked_at is not None:
                hours.append((event.occurred_at - asked_at) / HOUR)
            if event in asks:
                asked_at = event.occurred_at
            elif event in answers:
                asked_at = None
        if latency.statistic == "pending":
            return None if asked_at is None else (self.moment - asked_at) / HOUR
        if not hours:
            return None
        return median(hours) if latency.statistic == "median" else hours[-1]

    def meant(self, selector: Selector, window: timedelta | None = None) -> list[Event]:
        return [
            event
            for event in self.events
            if (not selector.kind or event.kind in selector.kind)
            and (not selector.actor or event.actor in selector.actor)
            and all(_holds(_field(event, f), w) for f, w in selector.where)
            and (selector.after is None or self.is_after_last(selector.after, event))
            and (window is None or self.age(event) < window)
        ]

    def is_after_last(self, kind: str, event: Event) -> bool:
        times = [one.occurred_at for one in self.events if one.kind == kind]
        return bool(times) and event.occurred_at > max(times)

    def age(self, event: Event) -> timedelta:
        return self.moment - event.occurred_at


def _kinds_known_to(catalogue: Catalogue) -> set[str]:
    """Those that an enabled signal, an awaited event or `kinds` names."""
    named = set(catalogue.other_kinds)
    for signal in catalogue.signals:
        for selector in signal.selectors:
            named.update([*selector.kind, selector.after or ""])
    for idea in catalogue.idea:
        if idea.awaited is not None:
            named.update([idea.awaited.kind, idea.awaited.after or ""])
    return named


def _first_received(events: Iterable[Event]) -> list[Event]:
    first: dict[tuple[str, str], Event] = {}
    for event in events:
        kept = first.setdefault((event.source, event.event_id), event)
        if event.received_at < kept.received_at:
            first[event.source, event.event_id] = event
    return list(first.values())


def _window(signal: Signal) -> timedelta | None:
    if signal.window is None:
        return None
    return int(signal.window[:-1]) * HOURS_OF_UNIT[signal.window[-1]] * HOUR


def _field(event: Event, field: str) -> JsonValue:
    return event.kind if field == "@kind" else event.data.get(field)


def _of_ages(signal: Signal, days: list[float]) -> Value:
    if signal.count is not None:
        return float(len(days))
    if not days:
        return None
    return min(days) if signal.days_since_last is not None else max(days)


def _of_values(signal: Signal, values: list[JsonValue]) -> Value:
    texts = [text for value in values if (text := _text(value)) is not None]
    numbers = [number for value in values if (number := _number(value)) is not None]
    one_of: dict[str, Callable[[], Value]] = {
        "distinct": lambda: float(len(set(texts))),
        "sum": lambda: float(sum(numbers)),
        "mean": lambda: fmean(numbers) if numbers else None,
        "last": lambda: _last(signal.last, texts, numbers),
    }
    return one_of[signal.aggregate]()


def _last(last: Last | None, texts: list[str], numbers: list[float]) -> Value:
    known = numbers if last is None or last.type == "number" else texts
    return known[-1] if known else None


def _text(value: JsonValue) -> str | None:
    """A value as a category: text as it is, anything else as JSON, as written."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _number(value: JsonValue) -> float | None:
    """A number, or a text that is one in the way computers write them."""
    written = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
    if isinstance(value, str) and not re.fullmatch(written, value, re.ASCII):
        return None
    if value is None or isinstance(value, bool | list | dict):
        return None
    return float(value) if isfinite(float(value)) else None


def _holds(value: JsonValue, wanted: tuple[str | int | float | bool, ...]) -> bool:
    if "*" in wanted:
        return value is not None and value not in ("", "[]", [])
    return any(_equals(value, one) or _lists(value, one) for one in wanted)


def _equals(value: JsonValue, wanted: str | int | float | bool) -> bool:
    if isinstance(wanted, bool | str):
        return value is not None and _text(value) == _text(wanted)
    return _number(value) == wanted


def _lists(value: JsonValue, wanted: str | int | float | bool) -> bool:
    """Is it a list of plain values, or the JSON text of one, that holds this one?"""
    if isinstance(value, str):
        try:
            value = orjson.loads(value) if value.startswith("[") else None
        except orjson.JSONDecodeError:
            return False
    if not isinstance(value, list):
        return False
    if any(isinstance(one, list | dict) for one in value):
        return False
    return orjson.dumps(wanted) in [orjson.dumps(one) for one in value]
