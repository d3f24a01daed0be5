"""Usual delays: how long a segment's leads take to do what is awaited of them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import polars as pl

from explanations.scorer import EVERY_SEGMENT
from features.catalogue import Awaited, Catalogue
from features.featurise import featurise
from features.timelines import MOMENT_SCHEMA

MIN_LEADS = 30  # a segment with fewer answers is told the delay of all
_SEGMENT = "segment"
Signals = Callable[[pl.DataFrame, Catalogue], pl.DataFrame]  # of moments


def usual_delays(
    events: pl.DataFrame,
    catalogue: Catalogue,
    *,
    known_at: datetime,
    signals: Signals | None = None,
) -> dict[str, dict[str, float]]:
    """Median hours (> 0) from the start of a wait to the awaited event.

    By idea, then by segment; `"*"` is every segment. Each idea's `awaited` says what is
    waited for, and since what. An idea that nobody ever fulfilled is left out. Nothing
    received after `known_at` is used. `events` are of EVENT_SCHEMA and featurised
    here; where `signals` does that, their `lead_id` is enough.
    """
    awaited = {name: i.awaited for name, i in catalogue.ideas.items() if i.awaited}
    if not awaited:
        return {}
    leads = events.select(pl.col("lead_id").unique()).with_columns(
        moment=pl.lit(known_at, dtype=MOMENT_SCHEMA["moment"])
    )
    featurised = signals or partial(featurise, events)
    measured = featurised(leads, _measuring(catalogue, awaited))
    return {
        idea: delays
        for idea in awaited
        if (delays := _by_segment(measured, idea, awaited[idea]))
    }


def _measuring(catalogue: Catalogue, awaited: dict[str, Awaited]) -> Catalogue:
    """A catalogue that measures the waits instead of the leads."""
    signals = [signal for item in awaited.items() for signal in _waits(*item)]
    segment = catalogue.segment or "segment"
    signals.append(
        {
            "name": _SEGMENT,
            "idea": "wait",
            "last": {"kind": "attributes_set", "field": segment, "type": "category"},
        }
    )
    return Catalogue.model_validate(
        {
            "name": "delays",
            "kinds": catalogue.known_kinds,
            "idea": [{"name": "wait", "expected": "wait"}],
            "signal": signals,
            "text": f"delays of {catalogue.digest}",
        }
    )


def _waits(idea: str, awaited: Awaited) -> Iterator[dict[str, object]]:
    if awaited.after is not None:
        yield {
            "name": idea,
            "idea": "wait",
            "latency": {
                "from": {"kind": awaited.after},
                "to": awaited.selector,
                "statistic": "median",
            },
        }
        return
    for name, selector in ((idea, awaited.selector), (f"{idea}_begun", {})):
        yield {"name": name, "idea": "wait", "days_since_first": selector}


def _by_segment(
    measured: pl.DataFrame, idea: str, awaited: Awaited
) -> dict[str, float]:
    hours = pl.col(idea)
    if awaited.after is None:
        hours = (pl.col(f"{idea}_begun") - pl.col(idea)) * 24
    waits = measured.select(_SEGMENT, hours=hours).filter(
        pl.col("hours").is_not_nan() & (pl.col("hours") > 0)
    )
    if waits.is_empty():
        return {}
    grouped = (
        waits.drop_nulls(_SEGMENT)
        .group_by(_SEGMENT)
        .agg(pl.col("hours").median(), pl.len().alias("leads"))
    )
    enough = grouped.filter(pl.col("leads") >= MIN_LEADS).sort(_SEGMENT)
    overall = waits.select(pl.col("hours").median()).item()
    return {
        EVERY_SEGMENT: overall,
        **dict(enough.select(_SEGMENT, "hours").iter_rows()),
    }
