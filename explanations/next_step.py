"""Next steps that would raise the score: tried on the model, not promised."""

from collections.abc import Iterator

import numpy as np

from explanations.checking import MUST_MOVE
from explanations.reason import NextStep
from explanations.scorer import probability
from features.aggregate import Variants
from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.snapshot import Snapshot

MOST_STEPS = 2  # a rep does one thing next; a second is a choice


def step_variants(seen: Snapshot) -> Variants:
    """Each row with each step done at its very moment; row by row, in order."""
    program, moment = seen.program, seen.rows.moment
    steps = np.arange(len(program.waits), len(program.insertions))
    nothing = np.zeros(len(moment) * len(steps), np.int64)
    return Variants(
        row=np.repeat(np.arange(len(moment)), len(steps)),
        start=nothing,
        end=nothing,
        event=nothing,
        field=nothing,
        insertion=np.tile(steps, len(moment)),
        at=np.repeat(moment, len(steps)),
    )


def next_steps(
    log_odds: FloatArray, log_odds_with: FloatArray, catalogue: Catalogue
) -> Iterator[tuple[NextStep, ...]]:
    """The steps that would raise each row's score most, the best first.

    At most `MOST_STEPS`, and only those that raise the log-odds by the bar of a
    reason's check. `log_odds` (n_rows,) and `log_odds_with` (n_rows * n_steps,), of
    `step_variants`: calibrated log-odds, float64.
    """
    tried = log_odds_with.reshape(len(log_odds), len(catalogue.step))
    best_first = np.argsort(-tried, axis=1, kind="stable")[:, :MOST_STEPS]
    raises = tried - log_odds[:, None] >= MUST_MOVE
    scores = (100 * probability(tried)).tolist()
    for row, (best, does) in enumerate(
        zip(best_first.tolist(), raises.tolist(), strict=True)
    ):
        yield tuple(
            [NextStep(catalogue.step[i].name, scores[row][i]) for i in best if does[i]]
        )
