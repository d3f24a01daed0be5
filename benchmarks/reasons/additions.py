"""Events to add that should change little: one unread, one irrelevant."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from benchmarks.common.public_scores import Json
from explanations.scorer import Scorer
from features.catalogue import Catalogue
from features.encoding import encode
from features.featurise import featurise
from features.selector import ANY_VALUE, KIND_FIELD, FieldSelector, Selector

UNREAD_KIND = "benchmark_event_that_no_signal_reads"
SHORTLY = timedelta(minutes=1)  # before the moment


@dataclass(frozen=True, slots=True)
class Added:
    """An event to add, and the signals that read it, the lightest first."""

    event: Json
    read_by: tuple[str, ...]


def unread(at: datetime) -> Added:
    """An event of a kind that no catalogue knows."""
    return Added(_event(UNREAD_KIND, "lead", {}, at), ())


def irrelevant(
    events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer, at: datetime
) -> Added:
    """The event whose readers, all told, weigh least in the scores.

    A signal's weight is its mean absolute TreeSHAP contribution over `moments`; who
    acts is who usually does in the log.
    """
    weights = _weights(events, moments, scorer)
    possible = (
        _added(kind, data, events, scorer.catalogue, weights, at)
        for kind, data in _contents(scorer.catalogue)
    )
    return min(
        (added for added in possible if added.read_by),
        key=lambda added: sum(weights[name] for name in added.read_by),
    )


def _weights(
    events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer
) -> dict[str, float]:
    catalogue = scorer.catalogue
    signals = featurise(events, moments, catalogue)
    matrix = encode(signals, catalogue, scorer.facts.codes)
    shares = np.asarray(scorer.booster.predict(matrix, pred_contrib=True))
    mean = np.abs(shares[:, :-1]).mean(axis=0)
    return dict(zip(catalogue.names, mean.tolist(), strict=True))


def _contents(catalogue: Catalogue) -> Iterator[tuple[str, Json]]:
    """Each known kind bare, and as each count wants it."""
    for kind in catalogue.known_kinds:
        yield kind, {}
    for signal in catalogue.signals:
        if signal.count is not None and signal.count.where:
            data = {
                name: "autre" if wanted[0] == ANY_VALUE else wanted[0]
                for name, wanted in signal.count.where
            }
            yield from ((kind, data) for kind in signal.count.kind)


def _added(
    kind: str,
    data: Json,
    events: pl.DataFrame,
    catalogue: Catalogue,
    weights: dict[str, float],
    at: datetime,
) -> Added:
    actors = events.filter(pl.col("kind") == kind)["actor"].mode(maintain_order=True)
    event = _event(kind, actors[0] if len(actors) else "lead", data, at)
    read_by = [
        one.name
        for one in catalogue.signals
        if any(_reads(selector, event) for selector in one.selectors)
    ]
    return Added(event, tuple(sorted(read_by, key=lambda name: weights[name])))


def _reads(selector: Selector, event: Json) -> bool:
    return (
        (not selector.kind or event["type"] in selector.kind)
        and _has_field(selector, event)
        and (not selector.actor or event["actor"] in selector.actor)
        and all(
            name in event["data"]
            and (ANY_VALUE in wanted or event["data"][name] in wanted)
            for name, wanted in selector.where
        )
    )


def _has_field(selector: Selector, event: Json) -> bool:
    if not isinstance(selector, FieldSelector):
        return True
    return selector.field == KIND_FIELD or selector.field in event["data"]


def _event(kind: str, actor: str, data: Json, at: datetime) -> Json:
    return {
        "specversion": "1.0",
        "id": "benchmark-added",
        "source": "benchmark",
        "type": kind,
        "time": (at - SHORTLY).isoformat(),
        "actor": actor,
        "data": data,
    }
