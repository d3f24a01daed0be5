"""Events to add that should change little: one unread, one irrelevant."""

from collections.abc import Iterator
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


def unread(at: datetime) -> Json:
    """An event of a kind that no catalogue knows."""
    return _event(UNREAD_KIND, "lead", {}, at)


def irrelevant(
    events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer, at: datetime
) -> tuple[Json, tuple[str, ...]]:
    """The event whose readers, all told, weigh least in the scores; and these signals.

    A signal's weight is its mean absolute TreeSHAP contribution over `moments`, and
    the lightest comes first; who acts is who usually does in the log.
    """
    catalogue = scorer.catalogue
    matrix = encode(
        featurise(events, moments, catalogue), catalogue, scorer.facts.codes
    )
    shares = np.asarray(scorer.booster.predict(matrix, pred_contrib=True))
    mean = np.abs(shares[:, :-1]).mean(axis=0)
    weight = dict(zip(catalogue.names, mean.tolist(), strict=True))
    possible = []
    for kind, data in _contents(catalogue):
        actors = events.filter(kind=kind)["actor"].mode(maintain_order=True)
        event = _event(kind, actors[0] if len(actors) else "lead", data, at)
        readers = (
            signal.name
            for signal in catalogue.signals
            if any(_reads(selector, event) for selector in signal.selectors)
        )
        possible.append((event, tuple(sorted(readers, key=weight.__getitem__))))
    return min(
        (added for added in possible if added[1]),
        key=lambda added: sum(weight[name] for name in added[1]),
    )


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


def _reads(selector: Selector, event: Json) -> bool:
    return (
        (not selector.kind or event["type"] in selector.kind)
        and (
            not isinstance(selector, FieldSelector)
            or selector.field in (KIND_FIELD, *event["data"])
        )
        and (not selector.actor or event["actor"] in selector.actor)
        and all(
            name in event["data"]
            and (ANY_VALUE in wanted or event["data"][name] in wanted)
            for name, wanted in selector.where
        )
    )


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
