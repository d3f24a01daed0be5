"""Why a score changed: time passed, then new events, then a new model."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from explanations import french
from explanations.reason import Change, Past
from explanations.scorer import Contributions, Scorer
from explanations.shown import shown_points
from explanations.wording import Wording
from features.featurise import featurise

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

    Parameters
    ----------
    events : DataFrame of EVENT_SCHEMA
    moments : DataFrame of shape (n_leads, 2), MOMENT_SCHEMA
        One row a lead: when it is scored now.
    pasts : sequence of n_leads Past, row for row
    earlier, now : Scorer
        The model that gave the past scores, and the one that scores now.
    """
    if not pasts:
        return []
    then = moments.select("lead_id").with_columns(
        then=pl.Series([past.moment for past in pasts], dtype=moments.schema["moment"])
    )
    known_then = events.join(then, on="lead_id").filter(
        (pl.col("occurred_at") <= pl.col("then"))
        & (pl.col("received_at") <= pl.col("then"))
    )
    aged = earlier.contributions(
        featurise(known_then.select(events.columns), moments, earlier.catalogue)
    )
    informed = earlier.contributions(featurise(events, moments, earlier.catalogue))
    after = informed
    if now is not earlier:
        after = now.contributions(featurise(events, moments, now.catalogue))
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
            _score(aged),
            _score(informed),
            _score(after),
            _moved(aged, informed, list(earlier.catalogue.ideas)),
            strict=True,
        )
    ]


def told_change(change: Change, wording: Wording) -> str:
    """The change in one sentence; parts that round to nothing are left out."""
    parts = (change.time, change.events, change.model)
    shown = shown_points(change.before, parts, 0.0, change.after)
    ideas = french.joined([wording.idea(name) for name in change.ideas])
    events = "change.events-named" if ideas else "change.events"
    told = [
        wording.text(key, points=french.points(points), ideas=ideas)
        for key, points in zip(
            ("change.time", events, "change.model"), shown.points, strict=True
        )
        if points
    ]
    steps = f"{french.NBSP}: {french.joined(told)}" if told else ""
    way = {1: "up", -1: "down"}.get(np.sign(shown.score - shown.base), "same")
    opening = wording.text("change", way=way, before=shown.base, after=shown.score)
    return french.sentence(f"{opening}{steps}")


def _score(contributions: Contributions) -> NDArray[np.float64]:
    _, _, score = contributions.points()
    return score


def _moved(
    aged: Contributions, informed: Contributions, ideas: list[str]
) -> list[tuple[str, ...]]:
    """Per row, the ideas that pull more the way the new facts moved the score."""
    _, before, start = aged.points()
    _, after, end = informed.points()
    pulls = (after - before) * np.sign(end - start)[:, None]
    return [
        tuple(ideas[i] for i in np.argsort(-row)[:NAMED] if row[i] >= WORTH_NAMING)
        for row in pulls
    ]
