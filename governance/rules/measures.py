"""What rules and exceptions ask of the log, as signals that `featurise` computes."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson

from features.catalogue import Catalogue, Signal
from features.compiled_catalogue import program_of
from features.event import Event
from features.matching import of_kind
from features.selector import Selector
from governance.rules.condition import MEASURED_IDEA, attribute_measure

NO_SEGMENT = "segment"


def measure_catalogue(
    measures: Iterable[Signal], kinds: Iterable[str], segment: str | None
) -> Catalogue:
    """A catalogue that measures each of these once, and the leads' segment.

    `kinds` are further kinds of event that selectors without a kind may read;
    `segment` is an attribute's field.
    """
    every = (attribute_measure(segment or NO_SEGMENT), *measures)
    return _catalogue({signal.name: signal for signal in every}.values(), kinds)


@dataclass(frozen=True)
class SelectorMatcher:
    """Selectors that are tried on one event at a time, as it arrives."""

    selectors: Sequence[Selector]

    def matches(self, event: Event) -> frozenset[int]:
        """The positions of the selectors that mean the event."""
        of_this_kind = of_kind(self._catalogue, event.kind)
        texts = of_this_kind.texts(dict(event.data))
        matching = of_this_kind.selectors(event.actor.value, texts)
        return frozenset(i for n in matching for i in self._positions.get(n, ()))

    @cached_property
    def _catalogue(self) -> Catalogue:
        fields = ({"name": f"t_{i}", "count": s} for i, s in enumerate(self.selectors))
        signals = [Signal.model_validate({**f, "idea": MEASURED_IDEA}) for f in fields]
        return _catalogue(signals or [attribute_measure(NO_SEGMENT)], ())

    @cached_property
    def _positions(self) -> dict[int, list[int]]:
        """By position in the program, which has each selector once."""
        in_program = program_of(self._catalogue).selectors
        places = {selector: n for n, selector in enumerate(in_program)}
        positions: dict[int, list[int]] = {}
        for i, selector in enumerate(self.selectors):
            positions.setdefault(places[selector], []).append(i)
        return positions


def _catalogue(signals: Iterable[Signal], kinds: Iterable[str]) -> Catalogue:
    fields = {
        "name": "mesures",
        "kinds": sorted(set(kinds)),
        "idea": [{"name": MEASURED_IDEA, "expected": MEASURED_IDEA}],
        "signal": [
            signal.model_dump(mode="json", by_alias=True, exclude_defaults=True)
            for signal in signals
        ],
    }
    digest = hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS))
    text = f"measures {digest.hexdigest()}"
    return Catalogue.model_validate(fields | {"text": text})
