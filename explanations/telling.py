"""Which checked candidates are told: a short list, facts that hold."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from explanations.absence import Absence
from explanations.candidate import Candidate, find_candidates
from explanations.checking import holds, log_odds_of
from explanations.evidence import Pieces
from explanations.next_step import next_steps, step_variants
from explanations.reason import Evidence, NextStep, Reason, Way
from explanations.scorer import Contributions, Scorer, probability
from features.catalogue import Catalogue
from features.event import Event
from features.seen import Seen, see

MOST_UP, MOST_DOWN = 4, 2  # a rep reads no more (design §6)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """Contributions of every row, and of each the true reasons, strongest first, and
    the next steps, best first. `typical` (n_rows,) as `Trees.scores` has it."""

    contributions: Contributions
    typical: NDArray[np.float64]
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
    seen = see(events, moments, scorer.catalogue)
    matrix = scorer.matrix(seen.table, seen.timelines)
    _, typical = scorer.trees.scores(matrix)
    contributions = scorer.contributions_of(matrix)
    candidates = find_candidates(seen, contributions, scorer.catalogue, scorer.facts)
    variants = [candidate.variant for candidate in candidates]
    variants += step_variants(seen)
    tried = log_odds_of(variants, seen, scorer)
    without, with_step = np.split(tried, [len(candidates)])
    telling = _Telling(seen, moments["lead_id"], scorer.catalogue)
    return Told(
        contributions,
        typical,
        tuple(
            tuple(telling.reason(*one) for one in checked)
            for checked in _true_ones(candidates, contributions.log_odds, without)
        ),
        tuple(next_steps(contributions.log_odds, with_step, scorer.catalogue)),
    )


def _true_ones(
    candidates: Sequence[Candidate],
    log_odds: NDArray[np.float64],
    without: NDArray[np.float64],
) -> list[list[tuple[Candidate, float]]]:
    """By row: the candidates that hold, with the score without them, in points."""
    told: list[list[tuple[Candidate, float]]] = [[] for _ in log_odds]
    room: dict[tuple[int, Way], int] = {}
    scores = (100 * probability(without)).tolist()
    for candidate, score, alone in zip(candidates, scores, without, strict=True):
        place = (candidate.row, candidate.way)
        left = room.setdefault(place, MOST_UP if candidate.way is Way.UP else MOST_DOWN)
        if left and holds(candidate, log_odds[candidate.row], alone):
            room[place] = left - 1
            told[candidate.row].append((candidate, score))
    return told


@dataclass(frozen=True, slots=True)
class _Telling:
    """What a reason is told of: the signals, the events and the leads' names."""

    seen: Seen
    lead_ids: pl.Series
    catalogue: Catalogue

    def reason(self, candidate: Candidate, score_without: float) -> Reason:
        evidence: tuple[Evidence, ...] = ()
        inserted: Event | None = None
        quote: str | None = None
        if isinstance(candidate.basis, Absence):
            last_at = candidate.basis.since
            inserted = self._inserted(candidate.row, candidate.basis)
        else:
            evidence = candidate.basis.told(self.seen.timelines)
            last_at = candidate.basis.last_at(self.seen.timelines)
            quote = self._quote(candidate.idea, candidate.basis)
        return Reason(
            idea=candidate.idea,
            way=candidate.way,
            points=candidate.points,
            log_odds=candidate.log_odds,
            values=self._values(candidate.row, candidate.idea),
            check=candidate.check,
            evidence=evidence,
            last_at=_time(last_at),
            inserted=inserted,
            score_without=score_without,
            quote=quote,
        )

    def _quote(self, idea: str, pieces: Pieces) -> str | None:
        """What the latest of the evidence that says something says."""
        field = self.catalogue.ideas[idea].quotes
        if field is None:
            return None
        data = self.seen.timelines.events["data"]
        latest_first = reversed(pieces.events.tolist())
        said = (orjson.loads(data[event]).get(field) for event in latest_first)
        return next((one for one in said if one and isinstance(one, str)), None)

    def _inserted(self, row: int, absence: Absence) -> Event:
        insertion = self.seen.program.insertions[absence.insertion]
        return insertion.event(self.lead_ids[row], _time(absence.due))

    def _values(self, row: int, idea: str) -> dict[str, float | str | None]:
        """The idea's signals; NaN is unknown, and so is a sum that overflowed."""
        columns = self.catalogue.columns_of[idea]
        return {
            self.catalogue.names[column]: self._value(
                self.seen.table[row, column], column
            )
            for column in columns
        }

    def _value(self, value: float, column: int) -> float | str | None:
        if not math.isfinite(value):
            return None
        if self.catalogue.signals[column].is_category:
            return self.seen.timelines.labels_of(column)[int(value)]
        return float(value)


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
