"""Candidates: reasons that the trees suggest and that nothing has checked yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from explanations.absence import Absence, Absences, absences
from explanations.evidence import EvidenceOfRows, Pieces, evidence_found
from explanations.reason import Check, Direction
from explanations.scorer import Contributions, ScorerFacts
from features.aggregate import Variants
from features.arrays import BoolArray, FloatArray, IntArray
from features.catalogue import Catalogue
from features.compiled import compiled
from features.compiled_catalogue import NONE, Program
from features.snapshot import Snapshot

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
    def way(self) -> Direction:
        return Direction.UP if self.log_odds > 0 else Direction.DOWN

    @property
    def check(self) -> Check:
        is_absence = isinstance(self.basis, Absence)
        return Check.INSERTION if is_absence else Check.DELETION


class CandidateArrays(NamedTuple):
    """Candidates, (n_candidates,) each, row by row and each row's strongest first.

    `idea` and `wait` are positions in the program, `wait` NONE where evidence would go:
    the pieces found from `start` to `end`. `due` is when the awaited event should have
    come.
    """

    row: IntArray
    idea: IntArray
    points: FloatArray
    log_odds: FloatArray
    wait: IntArray
    start: IntArray
    end: IntArray
    due: IntArray


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of all rows, and what they rest on."""

    arrays: CandidateArrays
    evidence: EvidenceOfRows
    absent: Absences
    ideas: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.arrays.row)

    def each(self, which: IntArray) -> Iterator[Candidate]:
        """Some of them, one after another; `which`: positions, (n,)."""
        columns = (column[which].tolist() for column in self.arrays)
        for row, idea, points, log_odds, wait, start, end, _ in zip(
            *columns, strict=True
        ):
            yield Candidate(
                row=row,
                idea=self.ideas[idea],
                points=points,
                log_odds=log_odds,
                basis=self.evidence.between(start, end)
                if wait == NONE
                else self.absent.at(row, wait),
            )

    def variants(self, which: IntArray) -> Variants:
        """Rows as they would be without the evidence, or with the event.

        `which`: positions of candidates, (n,); one row each.
        """
        return Variants(
            row=self.arrays.row[which],
            start=self.arrays.start[which],
            end=self.arrays.end[which],
            event=self.evidence.events,
            field=self.evidence.fields,
            insertion=self.arrays.wait[which],
            at=self.arrays.due[which],
        )

    def place(self, among: BoolArray) -> IntArray:
        """How many of those `among` are stronger in the same row and way, (n,) each."""
        row, is_up = self.arrays.row, self.arrays.log_odds > 0
        first = np.searchsorted(row, row)
        places = np.zeros(len(row), np.int64)
        for way in (is_up, ~is_up):
            counted = (way & among).astype(np.int64)
            before = np.cumsum(counted) - counted
            places[way] = (before - before[first])[way]
        return places


def find_candidates(
    seen: Snapshot,
    contributions: Contributions,
    catalogue: Catalogue,
    facts: ScorerFacts,
) -> Candidates:
    """The candidates of every row, each row's strongest first.

    Ideas that rest on the very same evidence, or await the very same event, are
    one candidate: told under the idea that weighs most, with the weight of all.
    """
    program, evidence = seen.program, evidence_found(seen)
    absent = absences(seen, catalogue, facts)
    _, points, _ = contributions.points()
    basis = _Basis(
        evidence.pieces_of,
        evidence.events,
        evidence.fields,
        *_awaited(program),
        absent.overdue,
        absent.due,
    )
    strongest_first = np.argsort(-np.abs(contributions.by_idea), axis=1, kind="stable")
    arrays = _candidates(contributions.by_idea, points, strongest_first, basis)
    return Candidates(arrays, evidence, absent, program.ideas)


def _awaited(program: Program) -> tuple[IntArray, IntArray]:
    """`wait_of_idea` and `same_wait`, as _Basis has them."""
    waits = [
        program.waits.index(idea) if idea in program.waits else NONE
        for idea in program.ideas
    ]
    awaited = [
        (event.kind, dict(event.data))
        for event in program.insertions[: len(program.waits)]
    ]
    same = [awaited.index(event) for event in awaited]
    return np.array(waits, np.int64), np.array(same, np.int64)


# --- Kernel -----------------------------------------------------------------


class _Basis(NamedTuple):
    """What ideas rest on: `pieces_of`, `event` and `field` as `evidence` gives them,
    `overdue` and `due` as Absences has them.

    `wait_of_idea` (n_ideas,), or NONE; `same_wait` (n_waits,): the first wait for the
    same event.
    """

    pieces_of: IntArray
    event: IntArray
    field: IntArray
    wait_of_idea: IntArray
    same_wait: IntArray
    overdue: BoolArray
    due: IntArray


@compiled
def _candidates(
    by_idea: FloatArray, points: FloatArray, strongest_first: IntArray, basis: _Basis
) -> CandidateArrays:
    n_rows, n_ideas = by_idea.shape
    strongest, of_row = _empty(n_rows * MOST_CHECKED), _empty(n_ideas)
    n = 0
    for row in range(n_rows):
        n_merged = 0
        for idea in strongest_first[row]:
            if by_idea[row, idea] != 0:
                n_merged = _merge(of_row, n_merged, by_idea, points, (row, idea), basis)
        for _ in range(MOST_CHECKED):
            k = _strongest(of_row.log_odds, n_merged)
            if k == NONE or abs(of_row.log_odds[k]) < WORTH_CHECKING:
                break
            _copy(of_row, k, strongest, n)
            of_row.log_odds[k] = 0
            n += 1
    return CandidateArrays(
        strongest.row[:n],
        strongest.idea[:n],
        strongest.points[:n],
        strongest.log_odds[:n],
        strongest.wait[:n],
        strongest.start[:n],
        strongest.end[:n],
        strongest.due[:n],
    )


@compiled
def _strongest(log_odds: FloatArray, n: int) -> int:
    """The first of the n that are farthest from zero; NONE of none."""
    strongest = NONE
    for k in range(n):
        if strongest == NONE or abs(log_odds[k]) > abs(log_odds[strongest]):
            strongest = k
    return strongest


@compiled
def _empty(n: int) -> CandidateArrays:
    return CandidateArrays(
        np.empty(n, dtype=np.int64),
        np.empty(n, dtype=np.int64),
        np.empty(n),
        np.empty(n),
        np.empty(n, dtype=np.int64),
        np.empty(n, dtype=np.int64),
        np.empty(n, dtype=np.int64),
        np.empty(n, dtype=np.int64),
    )


@compiled
def _copy(of: CandidateArrays, k: int, to: CandidateArrays, n: int) -> None:
    to.row[n], to.idea[n], to.wait[n] = of.row[k], of.idea[k], of.wait[k]
    to.points[n], to.log_odds[n] = of.points[k], of.log_odds[k]
    to.start[n], to.end[n], to.due[n] = of.start[k], of.end[k], of.due[k]


@compiled
def _merge(
    several: CandidateArrays,
    n: int,
    by_idea: FloatArray,
    points: FloatArray,
    place: tuple[int, int],
    basis: _Basis,
) -> int:
    """Add an idea to the n candidates of its row; returns how many there are."""
    row, idea = place
    at = row * by_idea.shape[1] + idea
    start, end = basis.pieces_of[at], basis.pieces_of[at + 1]
    wait = basis.wait_of_idea[idea]
    if by_idea[row, idea] > 0 or wait == NONE or not basis.overdue[row, wait]:
        wait = NONE
    if wait == NONE and start == end:
        return n
    several.row[n], several.idea[n], several.wait[n] = row, idea, wait
    several.points[n], several.log_odds[n] = points[row, idea], by_idea[row, idea]
    several.start[n], several.end[n] = start, end if wait == NONE else start
    several.due[n] = 0 if wait == NONE else basis.due[row, wait]
    n_pieces = several.end[n] - start  # none where an event is awaited
    for k in range(n):
        as_many = several.end[k] - several.start[k] == n_pieces
        if as_many and _rest_on_the_same(several, k, n, basis):
            several.points[k] += points[row, idea]
            several.log_odds[k] += by_idea[row, idea]
            return n
    return n + 1


@compiled
def _rest_on_the_same(of: CandidateArrays, a: int, b: int, basis: _Basis) -> bool:
    """Do two that rest on as many pieces rest on the very same?"""
    if of.wait[a] != NONE:
        same = basis.same_wait[of.wait[a]] == basis.same_wait[of.wait[b]]
        return bool(same and of.due[a] == of.due[b])
    shift = of.start[b] - of.start[a]
    for piece in range(of.start[a], of.end[a]):
        if (
            basis.event[piece] != basis.event[piece + shift]
            or basis.field[piece] != basis.field[piece + shift]
        ):
            return False
    return True
