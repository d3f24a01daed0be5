"""Check by deletion or insertion: would the score move as the reason claims?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explanations.candidate import Candidate
from explanations.scorer import Scorer
from features.seen import Seen
from features.variants import Variant, signals_of_variants

MUST_MOVE = 0.1  # calibrated log-odds (design §6: a bar in points silences rare wins)


def log_odds_of(
    variants: Sequence[Variant], seen: Seen, scorer: Scorer
) -> NDArray[np.float64]:
    """Calibrated log-odds of each variant, (n_variants,): what is left, scored anew."""
    table = signals_of_variants(variants, seen)
    return scorer.log_odds_of(scorer.matrix(table, seen.timelines))


def holds(candidate: Candidate, log_odds: float, log_odds_without: float) -> bool:
    """Does the score move the way the candidate claims, and by enough?"""
    moved = log_odds - log_odds_without
    return (moved if candidate.log_odds > 0 else -moved) >= MUST_MOVE
