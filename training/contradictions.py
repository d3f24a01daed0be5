"""How often plain TreeSHAP says what the model itself denies."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from explanations.checking import MUST_MOVE, log_odds_of
from explanations.evidence import evidence_found
from explanations.scorer import Scorer
from features.seen import Seen, see
from features.variants import Variant

PLAIN_TOP = 4  # reasons that a plain TreeSHAP stack shows (design §6)


def contradicted_share(
    events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer
) -> float | None:
    """The share of plain reasons that taking their evidence away contradicts.

    Of each row the four ideas that weigh most, those with evidence to take away; one
    is contradicted where the calibrated log-odds don't move its way by 0.1. None of
    them would be told (ADR-0004): the share says how far the trees speak in riddles.

    Parameters
    ----------
    events : DataFrame of EVENT_SCHEMA
    moments : DataFrame of shape (n_rows, 2), MOMENT_SCHEMA

    Returns
    -------
    float in [0, 1], or None where no reason can be checked
    """
    theirs = events.join(moments, on="lead_id", how="semi")
    seen = see(theirs, moments, scorer.catalogue)
    matrix = scorer.matrix(seen.table, seen.timelines)
    weights = scorer.contributions_of(matrix).by_idea
    claims = list(_plain_claims(seen, weights))
    if not claims:
        return None
    variants, claimed = zip(*claims, strict=True)
    row = [variant.row for variant in variants]
    moved = scorer.log_odds_of(matrix)[row] - log_odds_of(variants, seen, scorer)
    return float((np.sign(claimed) * moved < MUST_MOVE).mean())


def _plain_claims(
    seen: Seen, weights: NDArray[np.float64]
) -> Iterator[tuple[Variant, float]]:
    """Each row without what an idea rests on, and what TreeSHAP gives the idea."""
    found = evidence_found(seen)
    heaviest = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :PLAIN_TOP]
    for row, ideas in enumerate(heaviest.tolist()):
        for idea in ideas:
            pieces = found.of(row, idea)
            if pieces is not None and weights[row, idea] != 0:
                variant = Variant(row=row, events=pieces.events, fields=pieces.fields)
                yield variant, float(weights[row, idea])
