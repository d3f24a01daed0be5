"""Catalogue of signals: what the models may read, as data.

A catalogue is TOML: ideas (one business idea is one possible reason) and
signals (one column each). `docs/signals.md` is its reference.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from enum import IntEnum, StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from features.errors import CatalogueError
from features.event import ATTRIBUTES_KIND, Actor
from features.selector import (
    FieldName,
    FieldSelector,
    KindName,
    Kinds,
    Names,
    Selector,
    Strict,
    duration_days,
)


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise ValueError(
            f"{text!r} is no name: lower-case letters without accents, digits and _ "
            "only, a letter first"
        )
    return text


Name = Annotated[str, AfterValidator(_name)]
Duration = Annotated[
    str, AfterValidator(lambda text: text if duration_days(text) else "")
]


class MonotoneConstraint(IntEnum):
    """A monotone constraint, in LightGBM's own encoding."""

    DECREASING = -1
    FREE = 0
    INCREASING = 1


class Nature(StrEnum):
    """What an idea speaks of: what was done, who the lead is, or neither."""

    BEHAVIOUR = "behaviour"
    FIT = "fit"
    CONTEXT = "context"  # where in its life the lead is: counted, never a reason


class Share(Strict):
    """The share of the events `of` among the events `among`, in [0, 1]."""

    of: Selector
    among: Selector


class Latency(Strict):
    """Hours from an event `from` to the next event `to`, its answer.

    An answer answers the latest `from` before it; a second answer in a row
    answers nothing. `pending` is how long the last `from` has been waiting.
    """

    from_: Selector = Field(alias="from")
    to: Selector
    statistic: Literal["median", "last", "pending"]


class Last(FieldSelector):
    """The last known value of a field: a number, a category, or a free text.

    `order` ranks categories that follow each other, as stages do.
    """

    type: Literal["number", "category", "text"] = "number"
    order: Names = ()


class Awaited(Strict):
    """The event whose absence an idea may speak of.

    It is due once the segment's usual delay has gone by since the last event
    `after`, or since the lead's first event. Nobody misses it once an event of
    the kinds `unless` came in its place. `where` is what makes an event
    the awaited one; `data` completes it when it is put in for a check.
    """

    kind: KindName
    after: KindName | None = None
    actor: Actor = Actor.LEAD
    unless: Kinds = ()
    where: dict[FieldName, str] = Field(default_factory=dict)
    data: dict[FieldName, str | int | float] = Field(default_factory=dict)

    @property
    def content(self) -> dict[str, str | int | float]:
        """The data of the event as it would come."""
        return {**self.where, **self.data}

    @property
    def anchor(self) -> Selector:
        """The events that start the wait: `after`, or any."""
        return Selector(kind=(self.after,) if self.after else ())

    @property
    def selector(self) -> Selector:
        where = tuple((name, (value,)) for name, value in self.where.items())
        return Selector(kind=(self.kind,), where=where)


class Idea(Strict):
    """One business idea, one possible reason.

    `expected` is what a rep would do; `quotes` is the field of its latest evidence
    that the reason quotes.
    """

    name: Name
    expected: Name
    nature: Nature = Nature.BEHAVIOUR
    awaited: Awaited | None = None
    quotes: FieldName | None = None


class Step(Strict):
    """An event that a rep can bring about: what would it do to the score?"""

    name: Name
    kind: KindName
    actor: Actor
    data: dict[FieldName, str | int | float] = Field(default_factory=dict)

    @property
    def content(self) -> dict[str, str | int | float]:
        return self.data


AGGREGATES = (
    "count",
    "days_since_last",
    "days_since_first",
    "distinct",
    "sum",
    "mean",
    "share",
    "trend",
    "latency",
    "last",
)
_CONSTRAINABLE = {"count", "distinct"}  # ADR-0003: a constraint does not bind NaN


class Signal(Strict):
    """One column: an aggregate over the events of a lead known at a moment.

    `window` keeps events younger than it; a trend is the count in the window
    minus the count in the window before. Signals with `enabled = false` are
    documented and not computed.
    """

    name: Name
    idea: Name
    window: Duration | None = None
    direction: MonotoneConstraint = MonotoneConstraint.FREE
    enabled: bool = True
    count: Selector | None = None
    days_since_last: Selector | None = None
    days_since_first: Selector | None = None
    distinct: FieldSelector | None = None
    sum: FieldSelector | None = None
    mean: FieldSelector | None = None
    share: Share | None = None
    trend: Selector | None = None
    latency: Latency | None = None
    last: Last | None = None

    @model_validator(mode="before")
    @classmethod
    def _named_direction(cls, fields: dict[str, object]) -> dict[str, object]:
        named = fields.get("direction") if isinstance(fields, dict) else None
        if isinstance(named, str):
            try:
                return fields | {"direction": MonotoneConstraint[named.upper()]}
            except KeyError:
                raise ValueError(
                    f"direction is {named!r}: write increasing or decreasing"
                ) from None
        return fields

    @model_validator(mode="after")
    def _is_one_aggregate(self) -> "Signal":
        aggregates = [name for name in AGGREGATES if getattr(self, name) is not None]
        if len(aggregates) != 1:
            known = ", ".join(AGGREGATES)
            raise ValueError(f"needs one aggregate of {known}: {aggregates}")
        if self.direction and aggregates[0] not in _CONSTRAINABLE:
            raise ValueError("a direction stands on counts only (ADR-0003)")
        if aggregates[0] == "trend" and self.window is None:
            raise ValueError("a trend needs a window")
        if aggregates[0] in {"latency", "last"} and self.window is not None:
            raise ValueError(f"{aggregates[0]} takes no window")
        return self

    @cached_property
    def aggregate(self) -> str:
        return next(name for name in AGGREGATES if getattr(self, name) is not None)

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The selections of events that the signal reads."""
        if self.share is not None:
            return (self.share.among, self.share.of)
        if self.latency is not None:
            return (self.latency.from_, self.latency.to)
        return (getattr(self, self.aggregate),)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of event that the signal names."""
        return frozenset[str]().union(*(selector.kinds for selector in self.selectors))

    @property
    def window_days(self) -> float | None:
        return None if self.window is None else duration_days(self.window)

    @property
    def is_attribute(self) -> bool:
        """Is it the last value of an attribute of the lead's?"""
        return self.last is not None and self.last.kind == (ATTRIBUTES_KIND,)

    @cached_property
    def is_category(self) -> bool:
        return self.last is not None and self.last.type == "category"

    @cached_property
    def is_text(self) -> bool:
        return self.last is not None and self.last.type == "text"


class Catalogue(Strict):
    """Every idea and signal, in column order.

    `segment` is an attribute's field. `kinds` names further kinds of event, which
    signals that name no kind may read. `step` are the next steps that may be tried
    on a lead.
    """

    name: Name
    segment: FieldName | None = None
    other_kinds: Kinds = Field(default=(), alias="kinds")
    idea: tuple[Idea, ...] = Field(min_length=1)
    signal: tuple[Signal, ...] = Field(min_length=1)
    step: tuple[Step, ...] = ()
    text: str = Field(exclude=True, repr=False)  # as written, so it can be saved so

    @model_validator(mode="after")
    def _is_consistent(self) -> "Catalogue":
        for what in ("idea", "signal", "step"):
            _refuse_twice(what, [item.name for item in getattr(self, what)])
        known = {idea.name for idea in self.idea}
        for signal in self.signal:
            if signal.idea not in known:
                raise ValueError(
                    f"signal {signal.name!r}: no idea {signal.idea!r}; there are "
                    f"{', '.join(sorted(known))}"
                )
        for step in self.step:
            if step.kind not in self.known_kinds:
                raise ValueError(f"step {step.name!r}: no signal reads {step.kind!r}")
        for name in sorted(known - {signal.idea for signal in self.signals}):
            raise ValueError(f"idea {name!r}: no signal speaks of it")
        return self

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalogue) and other.text == self.text

    @cached_property
    def signals(self) -> tuple[Signal, ...]:
        """The signals that are computed, in column order."""
        return tuple(signal for signal in self.signal if signal.enabled)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(signal.name for signal in self.signals)

    @cached_property
    def ideas(self) -> dict[str, Idea]:
        return {idea.name: idea for idea in self.idea}

    @cached_property
    def categories(self) -> tuple[str, ...]:
        return tuple(signal.name for signal in self.signals if signal.is_category)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        return tuple(signal.name for signal in self.signals if signal.is_text)

    @cached_property
    def labelled(self) -> tuple[str, ...]:
        """The signals that are read as labels: categories and texts."""
        return (*self.categories, *self.texts)

    def signals_of(self, idea: str) -> tuple[Signal, ...]:
        return tuple(signal for signal in self.signals if signal.idea == idea)

    @cached_property
    def columns_of(self) -> dict[str, list[int]]:
        """The positions of each idea's signals."""
        return {
            idea: [i for i, signal in enumerate(self.signals) if signal.idea == idea]
            for idea in self.ideas
        }

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields of `data` that something of the catalogue reads, in order."""
        selectors = [s for signal in self.signals for s in signal.selectors]
        selectors += [idea.awaited.selector for idea in self.idea if idea.awaited]
        read = frozenset().union(*(selector.fields for selector in selectors))
        return tuple(sorted(read | ({self.segment} if self.segment else set())))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of event that some signal names."""
        return frozenset[str]().union(*(signal.kinds for signal in self.signals))

    @cached_property
    def known_kinds(self) -> tuple[str, ...]:
        """The kinds of event that some signal, awaited event or `kinds` names."""
        awaited = [idea.awaited for idea in self.idea if idea.awaited]
        waited_for = {
            kind
            for event in awaited
            for kind in (event.kind, event.after, *event.unless)
            if kind
        }
        return tuple(sorted(self.kinds | waited_for | set(self.other_kinds)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def shipped_catalogue(log_name: str) -> Path:
    """The catalogue for a log of that name, or that of B2B leads."""
    here = Path(__file__).parent
    own = here / f"{log_name}.toml"
    return own if own.is_file() else here / "catalogue.toml"


def read_catalogue(path: Path) -> Catalogue:
    """Read a catalogue file.

    Raises CatalogueError, which names the file, and the line or the key that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: {error}") from error
    return parse_catalogue(text, origin=str(path))


def parse_catalogue(text: str, *, origin: str = "catalogue") -> Catalogue:
    """Parse a catalogue's TOML text; raises as `read_catalogue` does."""
    try:
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{origin}: {error}") from error
    try:
        return Catalogue.model_validate(fields | {"text": text})
    except ValidationError as error:
        raise CatalogueError(f"{origin}: {_message(error, fields)}") from error


def _message(error: ValidationError, fields: dict[str, Any]) -> str:
    every = error.errors(include_url=False)
    inside = {each["loc"][0] for each in every if len(each["loc"]) > 1}
    # pydantic counts a list whose items are wrong as empty as well
    return "; ".join(
        ": ".join(
            [*_place(each["loc"], fields), each["msg"].removeprefix("Value error, ")]
        )
        for each in every
        if not (each["type"] == "too_short" and each["loc"][0] in inside)
    )


def _place(loc: tuple[int | str, ...], fields: dict[str, Any]) -> Iterator[str]:
    """Where in the file, signals and ideas by their name."""
    match loc:
        case [("signal" | "idea" | "step") as what, int(position), *rest]:
            table = fields[what][position]
            name = table.get("name") if isinstance(table, dict) else None
            yield f"{what} {name!r}" if name else f"{what} number {position + 1}"
        case _:
            rest = list(loc)
    if rest:
        yield ".".join(map(str, rest))


def _refuse_twice(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what} {name!r} stands twice")
