"""Change of a score since the one before: time, then new events, then a new model."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from explanations.language import sentence
from explanations.reason import Change, Past
from explanations.rounding import rounded_points
from explanations.scorer import Scorer
from explanations.wording import Wording
from features.arrays import FloatArray
from features.snapshot import Snapshot, snapshot, snapshot_at
from features.timelines import timelines_of

NAMED = 2  # ideas told of those that moved most
WORTH_NAMING = 1.0  # points; less is not seen once shown without decimals


def changes(
    events: pl.DataFrame,
    moments: pl.DataFrame,
    pasts: Sequence[Past],
    earlier: Scorer,
    now: Scorer,
) -> list[Change]:
    """Decompose the change of each lead's score since its past one.

    Raises ValueError, which names the lead, if a past score is of after its moment.

    `events` are of EVENT_SCHEMA; `moments` (n_leads, 2), MOMENT_SCHEMA, when each lead
    is scored now, and `pasts` row for row; `earlier` is the model of the past scores.
    """
    if not pasts:
        return []
    _refuse_later(moments, pasts)
    timelines = timelines_of(events, earlier.catalogue)
    then = pl.Series([past.moment for past in pasts], dtype=moments.schema["moment"])
    aged = _points(snapshot_at(timelines, moments, known_at=then), earlier)
    informed = _points(snapshot_at(timelines, moments), earlier)
    after = informed
    if now is not earlier:
        after = _points(snapshot(events, moments, now.catalogue), now)
    return [
        Change(
            before=past.score,
            after=float(end),
            time=float(old - past.score),
            events=float(new - old),
            model=float(end - new),
            ideas=ideas,
        )
        for past, old, new, end, ideas in zip(
            pasts,
            aged.score,
            informed.score,
            after.score,
            _moved(aged, informed, list(earlier.catalogue.ideas)),
            strict=True,
        )
    ]


def _refuse_later(moments: pl.DataFrame, pasts: Sequence[Past]) -> None:
    for (lead_id, moment), past in zip(moments.iter_rows(), pasts, strict=True):
        if past.moment > moment:
            raise ValueError(
                f"lead {lead_id!r}: the past score is of {past.moment.isoformat()}, "
                f"after {moment.isoformat()}: give the one before"
            )


def told_change(change: Change, wording: Wording) -> str:
    """The change in one sentence; parts that round to nothing are left out."""
    parts = (change.time, change.events, change.model)
    rounded = rounded_points(change.before, parts, 0.0, change.after)
    language = wording.language
    ideas = language.joined([wording.idea(name) for name in change.ideas])
    events = "change.events-named" if ideas else "change.events"
    texts = [
        wording.text(key, **language.signed(points), ideas=ideas)
        for key, points in zip(
            ("change.time", events, "change.model"), rounded.points, strict=True
        )
        if points
    ]
    way = {1: "up", -1: "down"}.get(np.sign(rounded.score - rounded.base), "same")
    moved = wording.text("change", way=way, before=rounded.base, after=rounded.score)
    if not texts:
        return sentence(moved)
    parts_text = language.joined(texts)
    return sentence(wording.text("change.told", change=moved, parts=parts_text))


class _Points(NamedTuple):
    """As `Contributions.points` gives them."""

    base: FloatArray
    by_idea: FloatArray
    score: FloatArray


def _points(seen: Snapshot, scorer: Scorer) -> _Points:
    matrix = scorer.matrix(seen.table, seen.timelines)
    return _Points(*scorer.contributions_of(matrix).points())


def _moved(aged: _Points, informed: _Points, ideas: list[str]) -> list[tuple[str, ...]]:
    """Per row, the ideas that pull more the way the new facts moved the score."""
    way = np.sign(informed.score - aged.score)[:, None]
    pulls = (informed.by_idea - aged.by_idea) * way
    return [
        tuple(ideas[i] for i in np.argsort(-row)[:NAMED] if row[i] >= WORTH_NAMING)
        for row in pulls
    ]
