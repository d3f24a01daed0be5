"""Candidates: reasons that the trees suggest and that nothing has checked yet."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from explanations.absence import Absence, absences
from explanations.evidence import EVENT_KEY, evidence_frame
from explanations.reason import Check, Evidence, Way
from explanations.scorer import Contributions, ScorerFacts
from features.catalogue import Catalogue
from features.event import Event
from features.known import ROW

WORTH_CHECKING = 0.05  # log-odds; half of what a check must move (design §6)
MOST_CHECKED = 10  # per row, the strongest: 6 are told at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An idea's share of one score, and what would have to go (or come) to test it.

    `last_at` is when the latest of the evidence happened, or since when the
    absent event is awaited.
    """

    row: int
    idea: str
    points: float
    log_odds: float
    evidence: tuple[Evidence, ...]
    last_at: datetime
    inserted: Event | None

    @property
    def way(self) -> Way:
        return Way.UP if self.log_odds > 0 else Way.DOWN

    @property
    def check(self) -> Check:
        return Check.DELETION if self.inserted is None else Check.INSERTION


@dataclass(frozen=True, slots=True)
class _Found:
    evidence: tuple[Evidence, ...]
    last_at: datetime


def find_candidates(
    known: pl.DataFrame,
    moments: pl.DataFrame,
    contributions: Contributions,
    catalogue: Catalogue,
    facts: ScorerFacts,
) -> list[Candidate]:
    """The candidates of every row of `moments`, each row's strongest first.

    Ideas that rest on the very same evidence, or await the very same event, are
    one candidate: told under the idea that weighs most, with the weight of all.
    """
    found = _evidence_found(known, catalogue)
    absent = absences(known, moments, catalogue, facts)
    _, points, _ = contributions.points()
    ideas = list(catalogue.ideas)
    return [
        candidate
        for row in range(moments.height)
        for candidate in _strongest(
            _candidate(
                (row, ideas[i]),
                points[row, i],
                contributions.by_idea[row, i],
                found,
                absent,
            )
            for i in np.argsort(-np.abs(contributions.by_idea[row]), kind="stable")
        )
    ]


def _candidate(
    key: tuple[int, str],
    points: float,
    log_odds: float,
    found: dict[tuple[int, str], _Found],
    absent: dict[tuple[int, str], Absence],
) -> Candidate | None:
    row, idea = key
    absence = absent.get(key) if log_odds < 0 else None
    rests_on = _Found((), absence.since) if absence else found.get(key)
    if rests_on is None:
        return None  # nothing to take away and nothing awaited: it can't be checked
    return Candidate(
        row=row,
        idea=idea,
        points=float(points),
        log_odds=float(log_odds),
        evidence=rests_on.evidence,
        last_at=rests_on.last_at,
        inserted=absence.event if absence else None,
    )


def _strongest(several: Iterable[Candidate | None]) -> list[Candidate]:
    """Candidates of one row: merged where they rest on the same, strongest first."""
    merged: dict[object, Candidate] = {}
    for candidate in several:
        if candidate is None:
            continue
        same = merged.setdefault(_rests_on(candidate), candidate)
        if same is not candidate:
            merged[_rests_on(candidate)] = replace(
                same,
                points=same.points + candidate.points,
                log_odds=same.log_odds + candidate.log_odds,
            )
    worth = [c for c in merged.values() if abs(c.log_odds) >= WORTH_CHECKING]
    return sorted(worth, key=lambda c: -abs(c.log_odds))[:MOST_CHECKED]


def _rests_on(candidate: Candidate) -> object:
    if candidate.inserted is None:
        return candidate.evidence
    event = candidate.inserted
    return (event.kind, event.occurred_at, frozenset(event.data.items()))


def _evidence_found(
    known: pl.DataFrame, catalogue: Catalogue
) -> dict[tuple[int, str], _Found]:
    pieces = (
        evidence_frame(known, catalogue)
        .sort(ROW, "idea", *EVENT_KEY, "field")
        .group_by(ROW, "idea", maintain_order=True)
        .agg(*EVENT_KEY, "field", pl.col("occurred_at").max().alias("last_at"))
    )
    return {
        (row, idea): _Found(tuple(map(Evidence, sources, event_ids, fields)), last_at)
        for row, idea, sources, event_ids, fields, last_at in pieces.iter_rows()
    }
