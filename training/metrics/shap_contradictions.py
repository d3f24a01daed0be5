"""Share of plain TreeSHAP reasons that the model itself denies."""

import numpy as np
import polars as pl

from explanations.checking import holds, log_odds_of
from explanations.evidence import evidence_found
from explanations.scorer import Scorer
from features.aggregate import Variants
from features.arrays import FloatArray, IntArray
from features.compiled_catalogue import NONE
from features.snapshot import Snapshot, snapshot

PLAIN_TOP = 4  # reasons that a plain TreeSHAP stack shows (design §6)


def contradicted_share(
    events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer
) -> float | None:
    """The share of plain reasons that taking their evidence away contradicts.

    Of each row the four ideas that weigh most, those with evidence to take away; one
    is contradicted where the calibrated log-odds don't move its way by 0.1. None of
    them would be told (ADR-0004): the share says how far the trees speak in riddles. In
    [0, 1], or None where no reason can be checked. `events` of EVENT_SCHEMA, `moments`
    (n_rows, 2) of MOMENT_SCHEMA.
    """
    theirs = events.join(moments, on="lead_id", how="semi")
    seen = snapshot(theirs, moments, scorer.catalogue)
    matrix = scorer.matrix(seen.table, seen.timelines)
    weights = scorer.contributions_of(matrix).by_idea
    row, idea, variants = _plain_claims(seen, weights)
    if not row.size:
        return None
    without = log_odds_of(variants, seen, scorer)
    kept = holds(weights[row, idea], scorer.log_odds_of(matrix)[row], without)
    return float(1 - kept.mean())


def _plain_claims(
    seen: Snapshot, weights: FloatArray
) -> tuple[IntArray, IntArray, Variants]:
    """Rows, ideas, and each row without what its idea rests on; (n_claims,) each."""
    evidence = evidence_found(seen)
    heaviest = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :PLAIN_TOP]
    row = np.repeat(np.arange(len(weights)), heaviest.shape[1])
    idea = heaviest.ravel()
    place = row * evidence.n_ideas + idea
    start, end = evidence.pieces_of[place], evidence.pieces_of[place + 1]
    claimed = (end > start) & (weights[row, idea] != 0)
    nothing = np.full(int(claimed.sum()), NONE)
    variants = Variants(
        row=row[claimed],
        start=start[claimed],
        end=end[claimed],
        event=evidence.events,
        field=evidence.fields,
        insertion=nothing,
        at=np.zeros_like(nothing),
    )
    return row[claimed], idea[claimed], variants
