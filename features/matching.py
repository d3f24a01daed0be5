"""Matching of events and selectors, and the values of an event's fields."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import orjson

from features.catalogue import Catalogue
from features.compiled_catalogue import NONE, Program, program_of
from features.selector import ANY_VALUE, KIND_FIELD, Selector

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOTHING = ("", "[]")
LONGEST_KEPT, MOST_KEPT = 64, 4096  # what is remembered of a kind: some megabytes

Wanted = str | int | float | bool


@dataclass(frozen=True, slots=True)
class _Condition:
    """A field equals one of the values wanted, or is a list that holds one."""

    name: str
    is_any: bool
    texts: frozenset[str]
    numbers: frozenset[float]
    items: frozenset[bytes]

    def holds(self, text: str | None) -> bool:
        if text is None:
            return False
        if self.is_any:
            return text not in _NOTHING
        if text in self.texts:
            return True
        if self.numbers and as_number(text) in self.numbers:
            return True
        return text.startswith("[") and not self.items.isdisjoint(_items(text))


@dataclass(frozen=True, slots=True)
class _Test:
    """One selector, for events of a kind that it means: who acted, and the fields."""

    position: int
    actors: frozenset[str]
    conditions: tuple[_Condition, ...]

    def means(self, actor: str, texts: Mapping[str, str | None]) -> bool:
        return (not self.actors or actor in self.actors) and all(
            condition.holds(texts[condition.name]) for condition in self.conditions
        )


@dataclass(frozen=True, slots=True)
class OfKind:
    """What of a program concerns events of one kind.

    `fields` are those that something asks about, the `n_asked` first for which
    selectors mean an event; `values` those that some selector may read of it: position
    in the program, that of the field, and whether it is read as text.
    """

    kind: str
    fields: tuple[str, ...]
    n_asked: int
    values: tuple[tuple[int, int, bool], ...]
    tests: tuple[_Test, ...]
    _known: dict[tuple[str, tuple[str | None, ...]], list[int]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def texts(self, content: dict[str, object]) -> tuple[str | None, ...]:
        """What the fields say, (n_fields,); None is unknown.

        What is no text is as JSON writes it; null is unknown. The event's kind is put
        in `content` as a field.
        """
        content[KIND_FIELD] = self.kind
        return tuple(
            [
                value
                if value is None or isinstance(value, str)
                else orjson.dumps(value).decode()
                for value in map(content.get, self.fields)
            ]
        )

    def selectors(self, actor: str, texts: Sequence[str | None]) -> list[int]:
        """Positions of the selectors that mean an event, `after` and windows apart, by
        the first `n_asked` of its `texts`, or more."""
        key = (actor, tuple(texts[: self.n_asked]))
        positions = self._known.get(key)
        if positions is None:
            said = dict(zip(self.fields, texts, strict=False))
            positions = [
                test.position for test in self.tests if test.means(actor, said)
            ]
            # Leads' events repeat each other's; long texts, as notes have, don't.
            is_short = all(len(text or "") <= LONGEST_KEPT for text in key[1])
            if is_short and len(self._known) < MOST_KEPT:
                self._known[key] = positions
        return positions


@lru_cache(maxsize=4096)
def of_kind(catalogue: Catalogue, kind: str) -> OfKind:
    """What of a catalogue's program concerns events of a kind."""
    program = program_of(catalogue)
    tests = tuple(
        _Test(position, frozenset(selector.actor), _conditions(selector))
        for position, selector in enumerate(program.selectors)
        if not selector.kind or kind in selector.kind
    )
    read = sorted({*_values_read(program, {test.position for test in tests})})
    values = [(position, program.values[position]) for position in read]
    asked_of = {condition.name for test in tests for condition in test.conditions}
    others = {value.field for _, value in values} - asked_of
    fields = (*sorted(asked_of), *sorted(others))
    return OfKind(
        kind=kind,
        fields=fields,
        n_asked=len(asked_of),
        values=tuple((i, fields.index(v.field), v.is_text) for i, v in values),
        tests=tests,
    )


@lru_cache(maxsize=65_536)
def as_number(text: str) -> float:
    """A finite number, written as computers write them; else NaN.

    Examples
    --------
    >>> as_number("12.50"), as_number("nan"), as_number("12 k€")
    (12.5, nan, nan)
    """
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else math.nan


def _values_read(program: Program, selectors: set[int]) -> Iterator[int]:
    """The values that columns read of events which one of the selectors means."""
    arrays = program.arrays
    read = (
        *zip(arrays.first, arrays.value, strict=True),
        *zip(arrays.reader_selector, arrays.reader_value, strict=True),
    )
    return (int(v) for s, v in read if v != NONE and s in selectors)


def _conditions(selector: Selector) -> tuple[_Condition, ...]:
    return tuple(
        _Condition(
            name,
            is_any=ANY_VALUE in wanted,
            texts=frozenset(map(_as_text, wanted)),
            numbers=frozenset(float(value) for value in wanted if _is_number(value)),
            items=frozenset(map(orjson.dumps, wanted)),
        )
        for name, wanted in selector.where
    )


def _items(text: str) -> list[bytes]:
    """The items of a JSON list of plain values, as JSON writes them."""
    try:
        items = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    is_plain = not any(isinstance(item, list | dict) for item in items)
    return list(map(orjson.dumps, items)) if is_plain else []


def _as_text(value: Wanted) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_number(value: Wanted) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
