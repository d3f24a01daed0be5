"""What rules and exceptions ask of the leads' logs, measured in one pass, if at all.

Most events set no rule off, and most leads are no exception by their score alone:
nothing is measured for them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

from features.catalogue import Catalogue
from features.featurise import moments_frame
from features.snapshot import snapshot
from governance.rules.condition import attribute_measure
from governance.rules.exception_cases import Cases
from governance.rules.facts import Value
from governance.rules.measures import NO_SEGMENT, measure_catalogue
from governance.rules.ruleset import Rules
from serving.runtime.served_model import Explains
from serving.transaction.draft import Draft

Measured_co = TypeVar("Measured_co", covariant=True)


@dataclass(frozen=True)
class LeadMeasures:
    """Measures by name, and usual delays of the segment by idea, of each lead."""

    rules: Rules
    cases: Cases
    explainer: Explains | None
    draft: Draft

    def measures(self, lead_id: str) -> Mapping[str, Value]:
        return LazyMapping(lambda: self._rows[lead_id])

    def usual_hours(self, lead_id: str) -> Mapping[str, float]:
        return LazyMapping(lambda: self._usual_hours(lead_id))

    def _usual_hours(self, lead_id: str) -> dict[str, float]:
        if self.explainer is None:
            return {}
        segment = attribute_measure(self._field or NO_SEGMENT).name
        said = self._rows[lead_id][segment]
        return self.explainer.usual_hours(None if said is None else str(said))

    @property
    def _field(self) -> str | None:
        return None if self.explainer is None else self.explainer.segment

    @cached_property
    def _rows(self) -> dict[str, dict[str, float | str | None]]:
        moments = moments_frame(self.draft.moments.items())
        catalogue = _catalogue(self.rules, self.cases, self._field)
        seen, every = (
            snapshot(self.draft.log, moments, catalogue),
            range(len(catalogue.names)),
        )
        return {
            lead_id: seen.known(row, catalogue, every)
            for row, lead_id in enumerate(self.draft.moments)
        }


class LazyMapping(Mapping[str, Measured_co]):
    """A mapping that is made when it is first asked."""

    def __init__(self, make: Callable[[], Mapping[str, Measured_co]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, Measured_co]:
        return self._make()

    def __getitem__(self, key: str) -> Measured_co:
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


@lru_cache(maxsize=4)
def _catalogue(rules: Rules, cases: Cases, segment: str | None) -> Catalogue:
    measures = (*rules.measures, *cases.measures)
    return measure_catalogue(measures, (*rules.kinds, *cases.kinds), segment)
