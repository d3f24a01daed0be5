"""What would raise the score: next steps tried on the model, not promised."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from explanations.checking import MUST_MOVE
from explanations.reason import NextStep
from explanations.scorer import probability
from features.catalogue import Catalogue
from features.seen import Seen
from features.variants import Variant

MOST_STEPS = 2  # a rep does one thing next; a second is a choice


def step_variants(seen: Seen) -> list[Variant]:
    """Each row with each step done at its very moment; row by row, in order."""
    program = seen.program
    steps = range(len(program.waits), len(program.insertions))
    return [
        Variant(row=row, insertion=step, at=moment)
        for row, moment in enumerate(seen.rows.moment.tolist())
        for step in steps
    ]


def next_steps(
    log_odds: NDArray[np.float64],
    log_odds_with: NDArray[np.float64],
    catalogue: Catalogue,
) -> Iterator[tuple[NextStep, ...]]:
    """The steps that would raise each row's score most, the best first.

    Parameters
    ----------
    log_odds : ndarray of shape (n_rows,), float64, calibrated log-odds
    log_odds_with : ndarray of shape (n_rows * n_steps,), float64
        Of `step_variants`.

    Yields
    ------
    tuple of at most `MOST_STEPS` NextStep, a row
        Only steps that raise the log-odds by the bar of a reason's check.
    """
    tried = log_odds_with.reshape(len(log_odds), len(catalogue.step))
    scores = 100 * probability(tried)
    for row, start in enumerate(log_odds):
        best = np.argsort(-tried[row], kind="stable")[:MOST_STEPS]
        yield tuple(
            NextStep(catalogue.step[i].name, float(scores[row, i]))
            for i in best
            if tried[row, i] - start >= MUST_MOVE
        )
