"""Which checked candidates are told: a short list, facts that hold."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from explanations.candidate import Candidate, find_candidates
from explanations.checking import holds, log_odds_of
from explanations.next_step import next_steps, step_variants
from explanations.reason import NextStep, Reason, Way
from explanations.scorer import Contributions, Scorer, probability
from features.catalogue import Catalogue
from features.featurise import signals_of
from features.known import known_events

MOST_UP, MOST_DOWN = 4, 2  # a rep reads no more (design §6)


@dataclass(frozen=True, slots=True)
class Told:
    """Contributions of every row, and of each the true reasons, strongest first, and
    the next steps, best first."""

    contributions: Contributions
    reasons: tuple[tuple[Reason, ...], ...]
    steps: tuple[tuple[NextStep, ...], ...]


def tell(events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer) -> Told:
    """Score every row of `moments` and find the reasons that pass their check.

    Parameters
    ----------
    events : DataFrame of EVENT_SCHEMA
    moments : DataFrame of shape (n_rows, 2), MOMENT_SCHEMA
    scorer : Scorer
    """
    catalogue = scorer.catalogue
    known = known_events(events, moments, catalogue)
    signals = signals_of(known, moments, catalogue)
    contributions = scorer.contributions(signals)
    candidates = find_candidates(known, moments, contributions, catalogue, scorer.facts)
    steps = step_variants(moments, catalogue)
    tried = log_odds_of([*candidates, *steps], known, moments, scorer)
    without, with_step = np.split(tried, [len(candidates)])
    told = _true_ones(candidates, contributions.log_odds, without)
    values = signals.select(catalogue.names)
    return Told(
        contributions,
        tuple(
            _reasons(told.get(row, ()), values, catalogue)
            for row in range(moments.height)
        ),
        tuple(next_steps(contributions.log_odds, with_step, catalogue)),
    )


def _true_ones(
    candidates: Sequence[Candidate],
    log_odds: NDArray[np.float64],
    without: NDArray[np.float64],
) -> dict[int, list[tuple[Candidate, float]]]:
    """By row: the candidates that hold, with the score without them, in points."""
    told: dict[int, list[tuple[Candidate, float]]] = {}
    room: dict[tuple[int, Way], int] = {}
    scores = 100 * probability(without)
    for candidate, score, alone in zip(candidates, scores, without, strict=True):
        place = (candidate.row, candidate.way)
        left = room.setdefault(place, MOST_UP if candidate.way is Way.UP else MOST_DOWN)
        if left and holds(candidate, log_odds[candidate.row], alone):
            room[place] = left - 1
            told.setdefault(candidate.row, []).append((candidate, float(score)))
    return told


def _reasons(
    told: Sequence[tuple[Candidate, float]], values: pl.DataFrame, catalogue: Catalogue
) -> tuple[Reason, ...]:
    if not told:
        return ()
    row = values.row(told[0][0].row, named=True)
    return tuple(
        Reason(
            idea=candidate.idea,
            way=candidate.way,
            points=candidate.points,
            log_odds=candidate.log_odds,
            values=_values_of(row, candidate.idea, catalogue),
            check=candidate.check,
            evidence=candidate.evidence,
            last_at=candidate.last_at,
            inserted=candidate.inserted,
            score_without=score_without,
        )
        for candidate, score_without in told
    )


def _values_of(
    row: Mapping[str, float | str | None], idea: str, catalogue: Catalogue
) -> dict[str, float | str | None]:
    """The idea's signals; NaN and null are unknown, and so is a sum that overflowed."""
    return {
        signal.name: _known(row[signal.name]) for signal in catalogue.signals_of(idea)
    }


def _known(value: float | str | None) -> float | str | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value
