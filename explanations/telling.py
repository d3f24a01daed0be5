"""Reasons that are told of each row: a short list of checked candidates."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import polars as pl

from explanations.absence import Absence
from explanations.candidate import Candidate, find_candidates
from explanations.checking import log_odds_of, verified
from explanations.evidence import Pieces
from explanations.next_step import next_steps, step_variants
from explanations.reason import Evidence, NextStep, Reason
from explanations.scorer import Contributions, Scorer, probability
from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.event import Event
from features.snapshot import Snapshot, snapshot

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ExplainedRows:
    """Contributions of every row, and of each the true reasons, strongest first, and
    the next steps, best first. `typical` (n_rows,) as `Trees.scores` has it."""

    contributions: Contributions
    typical: FloatArray
    reasons: tuple[tuple[Reason, ...], ...]
    steps: tuple[tuple[NextStep, ...], ...]


def explain_rows(
    events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer
) -> ExplainedRows:
    """Score every row of `moments` and find the reasons that pass their check.

    `events` are of EVENT_SCHEMA, `moments` (n_rows, 2) of MOMENT_SCHEMA.
    """
    seen = snapshot(events, moments, scorer.catalogue)
    matrix = scorer.matrix(seen.table, seen.timelines)
    _, typical = scorer.trees.scores(matrix)
    contributions = scorer.contributions_of(matrix)
    candidates = find_candidates(seen, contributions, scorer.catalogue, scorer.facts)
    which, without = verified(candidates, contributions.log_odds, seen, scorer)
    with_step = log_odds_of(step_variants(seen), seen, scorer)
    telling = _Telling(seen, moments["lead_id"].to_list(), scorer.catalogue)
    reasons: list[list[Reason]] = [[] for _ in matrix]
    scores_without = (100 * probability(without)).tolist()
    for candidate, score in zip(candidates.each(which), scores_without, strict=True):
        reasons[candidate.row].append(telling.reason(candidate, score))
    return ExplainedRows(
        contributions,
        typical,
        tuple(map(tuple, reasons)),
        tuple(next_steps(contributions.log_odds, with_step, scorer.catalogue)),
    )


@dataclass(frozen=True, slots=True)
class _Telling:
    """What a reason is told of: the signals, the events and the leads' names."""

    seen: Snapshot
    lead_ids: list[str]
    catalogue: Catalogue

    def reason(self, candidate: Candidate, score_without: float) -> Reason:
        evidence: tuple[Evidence, ...] = ()
        inserted: Event | None = None
        quote: str | None = None
        if isinstance(candidate.basis, Absence):
            last_at = candidate.basis.since
            insertion = self.seen.program.insertions[candidate.basis.insertion]
            lead_id = self.lead_ids[candidate.row]
            inserted = insertion.event(lead_id, _time(candidate.basis.due))
        else:
            evidence = candidate.basis.told(self.seen.timelines)
            last_at = candidate.basis.last_at(self.seen.timelines)
            quote = self._quote(candidate.idea, candidate.basis)
        return Reason(
            idea=candidate.idea,
            way=candidate.way,
            points=candidate.points,
            log_odds=candidate.log_odds,
            values=self.seen.known(
                candidate.row, self.catalogue, self.catalogue.columns_of[candidate.idea]
            ),
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
        return next((text for text in said if text and isinstance(text, str)), None)


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
