"""Check by deletion or insertion: would the score move as the reason claims?"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from explanations.candidate import Candidate
from explanations.evidence import EVENT_KEY, without_fields
from explanations.scorer import Scorer
from features.event import EVENT_SCHEMA, events_frame
from features.featurise import featurise

MUST_MOVE = 0.1  # calibrated log-odds (design §6: a bar in points silences rare wins)
VARIANT = "variant"


def log_odds_without(
    candidates: Sequence[Candidate],
    events: pl.DataFrame,
    moments: pl.DataFrame,
    scorer: Scorer,
) -> NDArray[np.float64]:
    """Score each candidate's row again, without its evidence or with its event.

    Parameters
    ----------
    candidates : sequence of n_candidates Candidate
    events : DataFrame of EVENT_SCHEMA
    moments : DataFrame of shape (n_rows, 2), MOMENT_SCHEMA
    scorer : Scorer

    Returns
    -------
    ndarray of shape (n_candidates,), float64, calibrated log-odds
    """
    if not candidates:
        return np.empty(0)
    variants = _variants(candidates, moments)
    changed = _changed_events(candidates, events, variants)
    signals = featurise(
        changed,
        variants.select(pl.col(VARIANT).alias("lead_id"), "moment"),
        scorer.catalogue,
    )
    return scorer.log_odds(signals)


def holds(candidate: Candidate, log_odds: float, log_odds_without: float) -> bool:
    """Does the score move the way the candidate claims, and by enough?"""
    moved = log_odds - log_odds_without
    return (moved if candidate.log_odds > 0 else -moved) >= MUST_MOVE


def _variants(candidates: Sequence[Candidate], moments: pl.DataFrame) -> pl.DataFrame:
    """One row a candidate: `variant` (its position, as text), `lead_id`, `moment`."""
    names = [str(i) for i in range(len(candidates))]
    rows = moments[[candidate.row for candidate in candidates]]
    return rows.with_columns(pl.Series(VARIANT, names))


def _changed_events(
    candidates: Sequence[Candidate], events: pl.DataFrame, variants: pl.DataFrame
) -> pl.DataFrame:
    """The log as each variant has it, the variant in place of the lead."""
    removed = _removed(candidates)
    whole = removed.filter(pl.col("field").is_null())
    of_variants = (
        variants.select(VARIANT, "lead_id")
        .join(events, on="lead_id")
        .join(whole, on=[VARIANT, *EVENT_KEY], how="anti")
    )
    return pl.concat(
        [
            _without_fields(of_variants, removed.drop_nulls("field"))
            .with_columns(lead_id=VARIANT)
            .select(EVENT_SCHEMA.names()),
            events_frame(
                replace(candidate.inserted, lead_id=str(i))
                for i, candidate in enumerate(candidates)
                if candidate.inserted is not None
            ),
        ]
    )


def _removed(candidates: Sequence[Candidate]) -> pl.DataFrame:
    rows = [
        (str(i), piece.source, piece.event_id, piece.field)
        for i, candidate in enumerate(candidates)
        if candidate.inserted is None
        for piece in candidate.evidence
    ]
    columns = [VARIANT, *EVENT_KEY, "field"]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _without_fields(events: pl.DataFrame, removed: pl.DataFrame) -> pl.DataFrame:
    if removed.is_empty():
        return events
    key = [VARIANT, *EVENT_KEY]
    fields = removed.group_by(key).agg(pl.col("field"))
    touched = events.join(fields, on=key)
    data = [without_fields(*pair) for pair in touched.select("data", "field").rows()]
    return pl.concat(
        [
            events.join(fields, on=key, how="anti"),
            touched.with_columns(pl.Series("data", data, pl.String)).drop("field"),
        ]
    )
