"""What would raise the score: next steps tried on the model, not promised."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from explanations.checking import MUST_MOVE, Variant
from explanations.reason import NextStep
from explanations.scorer import probability
from features.catalogue import Catalogue, Step
from features.event import Event

MOST_STEPS = 2  # a rep does one thing next; a second is a choice
STEP_SOURCE = "frein"


def step_variants(moments: pl.DataFrame, catalogue: Catalogue) -> list[Variant]:
    """Each row with each step done at its very moment; row by row, in order."""
    return [
        Variant(row=row, inserted=_as_event(step, lead_id, moment))
        for row, (lead_id, moment) in enumerate(moments.iter_rows())
        for step in catalogue.step
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


def _as_event(step: Step, lead_id: str, moment: datetime) -> Event:
    return Event(
        event_id=f"step-{step.name}",
        source=STEP_SOURCE,
        lead_id=lead_id,
        kind=step.kind,
        occurred_at=moment,
        received_at=moment,
        actor=step.actor,
        data=dict(step.data),
    )
