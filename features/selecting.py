"""Which selectors mean an event, and what its fields say: one event after another."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from features.catalogue import Catalogue
from features.program import NONE, Program, Value, program_of
from features.selector import ANY_VALUE, KIND_FIELD, Selector

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOTHING = ("", "[]")

Wanted = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Content:
    """An event's own content: its kind, and its `data` as texts.

    What is no text in `data` is as JSON writes it; null is unknown.
    """

    kind: str
    data: Mapping[str, object]

    def text(self, name: str) -> str | None:
        value = self.kind if name == KIND_FIELD else self.data.get(name)
        if value is None or isinstance(value, str):
            return value
        return orjson.dumps(value).decode()


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
            one.holds(texts[one.name]) for one in self.conditions
        )


@dataclass(frozen=True, slots=True)
class OfKind:
    """What of a program concerns events of one kind.

    `asked` are the fields on which it depends which selectors mean an event; `values`
    the positions of the values that some selector may read of it.
    """

    asked: tuple[str, ...]
    values: tuple[int, ...]
    tests: tuple[_Test, ...]

    def selectors(self, actor: str, texts: Sequence[str | None]) -> list[int]:
        """Positions of the selectors that mean an event, `after` and windows apart.

        Parameters
        ----------
        texts : sequence of n_asked str or None
            What the event's `asked` fields say.
        """
        said = dict(zip(self.asked, texts, strict=True))
        return [test.position for test in self.tests if test.means(actor, said)]


@lru_cache(maxsize=4096)
def of_kind(catalogue: Catalogue, kind: str) -> OfKind:
    """What of a catalogue's program concerns events of a kind."""
    program = program_of(catalogue)
    tests = tuple(
        _Test(position, frozenset(selector.actor), _conditions(selector))
        for position, selector in enumerate(program.selectors)
        if not selector.kind or kind in selector.kind
    )
    meant = {test.position for test in tests}
    return OfKind(
        asked=tuple(sorted({c.name for test in tests for c in test.conditions})),
        values=tuple(sorted(set(_values_read(program, meant)))),
        tests=tests,
    )


def value_of(value: Value, content: Content) -> str | float | None:
    """What a field says, as text or as a finite number; None is unknown."""
    text = content.text(value.field)
    return text if value.is_text or text is None else as_number(text)


def as_number(text: str) -> float | None:
    """A finite number, written as computers write them; else None.

    Examples
    --------
    >>> as_number("12.50"), as_number("nan"), as_number("12 k€")
    (12.5, None, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


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
            numbers=frozenset(float(one) for one in wanted if _is_number(one)),
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
    if any(isinstance(one, list | dict) for one in items):
        return []
    return [orjson.dumps(one) for one in items]


def _as_text(value: Wanted) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_number(value: Wanted) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
