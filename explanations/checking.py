"""Checks of candidates by deletion or insertion: does the score move as claimed?"""

import numpy as np

from explanations.candidate import Candidates
from explanations.scorer import Scorer
from features.aggregate import Variants
from features.arrays import BoolArray, FloatArray, IntArray
from features.snapshot import Snapshot

MUST_MOVE = 0.1  # calibrated log-odds (design §6: a bar in points silences rare wins)
MOST_UP, MOST_DOWN = 4, 2  # told of a row: a rep reads no more (design §6)


def verified(
    candidates: Candidates, log_odds: FloatArray, seen: Snapshot, scorer: Scorer
) -> tuple[IntArray, FloatArray]:
    """The strongest candidates of each row that hold, as many as are told.

    A weaker one is checked only once a stronger one of its row and way has failed.

    Parameters
    ----------
    log_odds : ndarray of shape (n_rows,), calibrated log-odds

    Returns
    -------
    which : (n_true,)
        Their positions, in order.
    without : (n_true,)
        Calibrated log-odds of each one's row without its evidence, or with its event.
    """
    row, share = candidates.arrays.row, candidates.arrays.log_odds
    most = np.where(share > 0, MOST_UP, MOST_DOWN)
    stands, is_checked = np.ones(len(row), bool), np.zeros(len(row), bool)
    without = np.zeros(len(row))
    while True:
        is_told = stands & (candidates.place(among=stands) < most)
        to_check = np.flatnonzero(is_told & ~is_checked)
        if not to_check.size:
            return np.flatnonzero(is_told), without[is_told]
        variants = candidates.variants(to_check)
        without[to_check] = log_odds_of(variants, seen, scorer)
        is_checked[to_check] = True
        stands[to_check] = holds(
            share[to_check], log_odds[row[to_check]], without[to_check]
        )


def log_odds_of(variants: Variants, seen: Snapshot, scorer: Scorer) -> FloatArray:
    """Calibrated log-odds of each variant, (n_variants,): what is left, scored anew."""
    return scorer.log_odds_of(scorer.matrix(seen.changed(variants), seen.timelines))


def holds(share: FloatArray, log_odds: FloatArray, without: FloatArray) -> BoolArray:
    """Does the score move the way a share of it claims, and by enough?

    All (n_candidates,), in log-odds: the candidate's share, and the row's score as it
    is and `without` what the candidate rests on.
    """
    moved = log_odds - without
    return np.where(share > 0, moved, -moved) >= MUST_MOVE
