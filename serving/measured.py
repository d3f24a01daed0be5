"""What rules and exceptions ask of the leads' logs, measured in one pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from features.catalogue import Catalogue
from features.featurise import featurise, moments_frame
from governance.condition import attribute_measure
from governance.exceptions import Cases
from governance.facts import Value
from governance.measures import NO_SEGMENT, measuring
from governance.rules import Rules
from serving.drafting import Draft
from serving.models import Explains


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one lead: measures by name, and the usual delays of its segment by idea."""

    measures: Mapping[str, Value]
    usual_hours: Mapping[str, float]


def measured(
    rules: Rules, cases: Cases, explainer: Explains | None, draft: Draft
) -> dict[str, Measured]:
    """By lead, at its moment."""
    if not draft.moments:
        return {}
    field = None if explainer is None else explainer.segment
    segment = attribute_measure(field or NO_SEGMENT).name
    rows = featurise(
        draft.log, moments_frame(draft.moments.items()), _catalogue(rules, cases, field)
    )
    told = rows.drop("lead_id", "moment").fill_nan(None).iter_rows(named=True)
    return {
        name: Measured(
            row, {} if explainer is None else explainer.usual_hours(row[segment])
        )
        for name, row in zip(draft.moments, told, strict=True)
    }


@lru_cache(maxsize=4)
def _catalogue(rules: Rules, cases: Cases, segment: str | None) -> Catalogue:
    measures = (*rules.measures, *cases.measures)
    return measuring(measures, (*rules.kinds, *cases.kinds), segment)
