"""Conditions over known facts, as data: closed predicates, and no code.

A condition asks one thing: a fact by its name (`known`), an attribute, or what a
signal of the catalogue would measure (`count`, `days_since_last`, `latency`, …); and
holds it to numbers (`at_least`, `at_most`, `at_least_usual`) or names (`in`, `not_in`).
"""

import hashlib
from collections.abc import Iterable
from math import isnan
from typing import Any

import orjson
from pydantic import Field, model_validator

from features.catalogue import AGGREGATES, Name, Signal
from features.event import ATTRIBUTES_KIND
from features.selector import FieldName, Names, Strict
from governance.rules.facts import NUMBERS, Facts, KnownFact, Value

MEASURED_IDEA = "mesure"  # measures are signals, and a signal has an idea
_IN_DAYS = frozenset({"days_since_last", "days_since_first"})
_MEASURING = (*AGGREGATES, "window")


class Usual(Strict):
    """So many times the delay that is usual in the lead's segment for an idea."""

    idea: Name
    times: float = Field(gt=0)

    def hours(self, facts: Facts) -> float | None:
        usual = facts.usual_hours.get(self.idea)
        return None if usual is None else self.times * usual


class Condition(Strict):
    """One predicate: true, false, or unknown (None), which never counts as true."""

    known: KnownFact | None = None
    measure: Signal | None = None
    at_least: float | None = None
    at_most: float | None = None
    at_least_usual: Usual | None = None
    in_: Names = Field(default=(), alias="in")
    not_in: Names = ()

    @model_validator(mode="before")
    @classmethod
    def _measured(cls, fields: Any) -> Any:
        """An attribute or an aggregate is read as the signal that it is."""
        if not isinstance(fields, dict) or "measure" in fields:
            return fields
        left = {k: v for k, v in fields.items() if k not in (*_MEASURING, "attribute")}
        measuring = {k: v for k, v in fields.items() if k in _MEASURING}
        if "attribute" in fields:
            is_text = bool({"in", "not_in"} & fields.keys())
            measuring |= {"last": _attribute(fields["attribute"], is_text=is_text)}
        return left | {"measure": measure_of(measuring)} if measuring else left

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "Condition":
        if (self.known is None) == (self.measure is None):
            raise ValueError("needs one of known, attribute, or an aggregate")
        if self.measure is not None and self.measure.is_text:
            raise ValueError("a free text is for models: a rule reads none")
        tests = (self.at_least, self.at_most, self.at_least_usual)
        n_numbers = sum(test is not None for test in tests)
        if bool(n_numbers) == bool(self.in_ or self.not_in):
            raise ValueError(
                "needs at_least, at_most or at_least_usual, or else in or not_in"
            )
        if bool(n_numbers) != self._is_number:
            raise ValueError("a number has at_least or at_most, a name in or not_in")
        return self

    @property
    def _is_number(self) -> bool:
        if self.measure is not None:
            return not self.measure.is_category
        return self.known in NUMBERS

    @property
    def asks_doubts(self) -> bool:
        return self.known is KnownFact.DOUBT

    def truth(self, facts: Facts) -> bool | None:
        """Does it hold? None: a fact is unknown."""
        if not self._is_number:
            return self._named(facts)
        value = self.number(facts)
        if value is None:
            return None
        if self.at_least is not None and value < self.at_least:
            return False
        if self.at_most is not None and value > self.at_most:
            return False
        if self.at_least_usual is None:
            return True
        least = self.at_least_usual.hours(facts)
        return None if least is None else self.hours(value) >= least

    def value(self, facts: Facts) -> Value | list[str]:
        """What is known of what it asks; None if nothing is."""
        if self.measure is not None:
            return self._measure_of(facts)
        assert self.known is not None
        names = facts.names(self.known)
        return facts.number(self.known) if names is None else sorted(names)

    def number(self, facts: Facts) -> float | None:
        """The number that it asks of, as measured; None if unknown."""
        if self.known is not None:
            return facts.number(self.known)
        value = self._measure_of(facts)
        return None if not isinstance(value, float) or isnan(value) else value

    def hours(self, value: float) -> float:
        """A delay, as measured, in hours."""
        assert self.measure is not None
        return value * 24 if self.measure.aggregate in _IN_DAYS else value

    def _named(self, facts: Facts) -> bool | None:
        if self.known is not None:
            names = facts.names(self.known)
        else:
            value = self._measure_of(facts)
            names = (value,) if isinstance(value, str) else None
        if names is None:
            return None
        held = set(names)
        if self.in_ and held.isdisjoint(self.in_):
            return False
        return held.isdisjoint(self.not_in)

    def _measure_of(self, facts: Facts) -> Value:
        assert self.measure is not None
        return facts.measures.get(self.measure.name)


def truth_of(conditions: Iterable[Condition], facts: Facts) -> bool | None:
    """Do all hold? False as soon as one doesn't; else None if one is unknown."""
    truth: bool | None = True
    for condition in conditions:
        holds = condition.truth(facts)
        if holds is False:
            return False
        truth = truth if holds else None
    return truth


def measure_of(aggregate: dict[str, Any]) -> dict[str, Any]:
    """The fields of the signal that measures so; the same aggregate, the same name."""
    written = orjson.dumps(aggregate, option=orjson.OPT_SORT_KEYS, default=str)
    name = f"m_{hashlib.sha256(written).hexdigest()[:12]}"
    return {"name": name, "idea": MEASURED_IDEA, **aggregate}


def attribute_measure(field: FieldName) -> Signal:
    """The last known text of an attribute."""
    return Signal.model_validate(measure_of({"last": _attribute(field, is_text=True)}))


def _attribute(field: object, *, is_text: bool) -> dict[str, object]:
    kind = "category" if is_text else "number"
    return {"kind": ATTRIBUTES_KIND, "field": field, "type": kind}
