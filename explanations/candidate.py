"""Candidates: reasons that the trees suggest and that nothing has checked yet."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from explanations.absence import Absence, absences
from explanations.evidence import Pieces, evidence_found
from explanations.reason import Check, Way
from explanations.scorer import Contributions, ScorerFacts
from features.catalogue import Catalogue
from features.program import Program
from features.seen import Seen
from features.variants import Variant

WORTH_CHECKING = 0.05  # log-odds; half of what a check must move (design §6)
MOST_CHECKED = 10  # per row, the strongest: 6 are told at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An idea's share of one score, and what would have to go (or come) to test it.

    `basis` is the evidence that would go, or the absence that would end.
    """

    row: int
    idea: str
    points: float
    log_odds: float
    basis: Pieces | Absence

    @property
    def way(self) -> Way:
        return Way.UP if self.log_odds > 0 else Way.DOWN

    @property
    def check(self) -> Check:
        is_absence = isinstance(self.basis, Absence)
        return Check.INSERTION if is_absence else Check.DELETION

    @property
    def variant(self) -> Variant:
        """The row as it would be without the evidence, or with the awaited event."""
        if isinstance(self.basis, Absence):
            return Variant(
                row=self.row, insertion=self.basis.insertion, at=self.basis.due
            )
        return Variant(row=self.row, events=self.basis.events, fields=self.basis.fields)


def find_candidates(
    seen: Seen, contributions: Contributions, catalogue: Catalogue, facts: ScorerFacts
) -> list[Candidate]:
    """The candidates of every row, each row's strongest first.

    Ideas that rest on the very same evidence, or await the very same event, are
    one candidate: told under the idea that weighs most, with the weight of all.
    """
    program, found = seen.program, evidence_found(seen)
    absent = absences(seen, catalogue, facts)
    _, points, _ = contributions.points()
    order = np.argsort(-np.abs(contributions.by_idea), axis=1, kind="stable")
    waits = {program.ideas.index(idea): i for i, idea in enumerate(program.waits)}
    candidates: list[Candidate] = []
    for row, ideas in enumerate(order.tolist()):
        overdue = {i: absent.of(row, wait) for i, wait in waits.items()}
        several = [
            Candidate(
                row=row,
                idea=program.ideas[i],
                points=float(points[row, i]),
                log_odds=log_odds,
                basis=basis,
            )
            for i in ideas
            if (log_odds := float(contributions.by_idea[row, i]))
            and (
                basis := (overdue.get(i) if log_odds < 0 else None) or found.of(row, i)
            )
        ]
        candidates += _strongest(several, program)
    return candidates


def _strongest(several: Iterable[Candidate], program: Program) -> list[Candidate]:
    """Candidates of one row: merged where they rest on the same, strongest first."""
    merged: dict[object, Candidate] = {}
    for candidate in several:
        key = _rests_on(candidate.basis, program)
        same = merged.setdefault(key, candidate)
        if same is not candidate:
            merged[key] = replace(
                same,
                points=same.points + candidate.points,
                log_odds=same.log_odds + candidate.log_odds,
            )
    worth = [c for c in merged.values() if abs(c.log_odds) >= WORTH_CHECKING]
    return sorted(worth, key=lambda c: -abs(c.log_odds))[:MOST_CHECKED]


def _rests_on(basis: Pieces | Absence, program: Program) -> object:
    if isinstance(basis, Pieces):
        return basis.key
    event = program.insertions[basis.insertion]
    return (event.kind, basis.due, frozenset(event.data.items()))
