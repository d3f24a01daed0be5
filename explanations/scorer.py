"""Scorer: a calibrated booster, its catalogue, and what it learnt besides."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from explanations.score import Grade, Priority
from explanations.trees import Trees, trees_of
from features.arrays import FloatArray, IntArray
from features.catalogue import Catalogue
from features.encoding import Codes, encode, recode
from features.timelines import Timelines

if TYPE_CHECKING:
    import lightgbm as lgb

EVERY_SEGMENT = "*"
PAST_THE_CUT = 3.0  # points; a priority changes only this far past a cut (design §5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerFacts:
    """What is stored with the trees.

    `slope` and `intercept` are the calibration already folded into them;
    `grade_cuts` (A, B, C) and `priority_cuts` (elevee, basse) are scores in
    points; `usual_delay_hours` is idea → segment → hours, `"*"` any segment. A row less
    typical (see `Trees.scores`) than `typical_from` is atypical; `score_range` are the
    lowest and the highest score of the training rows, in points.
    """

    horizon_days: float
    slope: float
    intercept: float
    codes: Codes
    grade_cuts: tuple[float, float, float]
    priority_cuts: tuple[float, float]
    usual_delay_hours: Mapping[str, Mapping[str, float]]
    typical_from: float
    score_range: tuple[float, float]

    def usual_hours(self, segment: str | None) -> dict[str, float]:
        """Usual delays of a segment by idea, in hours; else those of all."""
        return {
            idea: hours.get(segment or EVERY_SEGMENT, hours[EVERY_SEGMENT])
            for idea, hours in self.usual_delay_hours.items()
        }

    def grade(self, score: float) -> Grade:
        """The grade of a score in points."""
        for cut, grade in zip(self.grade_cuts, Grade, strict=False):
            if score >= cut:
                return grade
        return Grade.D

    def priority(self, score: float, previous: Priority | None = None) -> Priority:
        """The priority of a score in points, given the one last written, if any.

        Examples
        --------
        A score has to pass a cut by 3 points before the priority moves:

        >>> facts = ScorerFacts(
        ...     horizon_days=60, slope=1, intercept=0, codes={}, usual_delay_hours={},
        ...     grade_cuts=(40, 20, 10), priority_cuts=(30, 10),
        ...     typical_from=-9, score_range=(1, 90))
        >>> facts.priority(32.9, Priority.NORMAL), facts.priority(33, Priority.NORMAL)
        (<Priority.NORMAL: 'normale'>, <Priority.HIGH: 'elevee'>)
        >>> facts.priority(28, Priority.HIGH), facts.priority(28)
        (<Priority.HIGH: 'elevee'>, <Priority.NORMAL: 'normale'>)
        """
        high, low = self.priority_cuts
        margin = 0.0 if previous is None else PAST_THE_CUT
        above = -margin if previous is Priority.HIGH else margin
        below = margin if previous is Priority.LOW else -margin
        if score >= high + above:
            return Priority.HIGH
        if score < low + below:
            return Priority.LOW
        return Priority.NORMAL


@dataclass(frozen=True, slots=True)
class Contributions:
    """TreeSHAP per idea.

    `base` (n_rows,), `by_idea` (n_rows, n_ideas): calibrated log-odds, in the
    catalogue's order of ideas; base + Σ by_idea = the row's log-odds.
    """

    base: FloatArray
    by_idea: FloatArray

    @property
    def log_odds(self) -> FloatArray:
        """Calibrated log-odds of each row, (n_rows,) float64: base + Σ by_idea."""
        total: FloatArray = self.base + self.by_idea.sum(axis=1)
        return total

    def points(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Base, points per idea and score, all in points (0 to 100).

        .. math:: points_g = 100 (p - p_0) \\, \\phi_g / \\textstyle\\sum \\phi

        so that base + Σ points = score exactly. Where |Σφ| < 1e-6 the quotient
        says nothing and the slope p₀(1 − p₀) stands in its place.

        Returns
        -------
        base (n_rows,), points (n_rows, n_ideas), score (n_rows,) : float64

        Examples
        --------
        >>> shares = Contributions(np.array([0.0]), np.array([[1.5, -0.5]]))
        >>> base, points, score = shares.points()
        >>> float((base + points.sum(axis=1) - score)[0])
        0.0
        """
        total = self.by_idea.sum(axis=1)
        start = probability(self.base)
        end = probability(self.base + total)
        flat = np.abs(total) < 1e-6
        slope = np.where(
            flat, start * (1 - start), (end - start) / np.where(flat, 1.0, total)
        )
        points: FloatArray = 100 * slope[:, None] * self.by_idea
        return 100 * start, points, 100 * start + points.sum(axis=1)


def probability(log_odds: FloatArray) -> FloatArray:
    """Logistic function: log-odds of any shape to probabilities in (0, 1).

    Examples
    --------
    >>> probability(np.array([0.0]))
    array([0.5])
    """
    answer: FloatArray = 1 / (1 + np.exp(-log_odds))
    return answer


@dataclass(frozen=True)
class Scorer:
    """Signals in, calibrated log-odds and their shares out."""

    booster: "lgb.Booster"
    catalogue: Catalogue
    facts: ScorerFacts

    def log_odds(self, signals: pl.DataFrame) -> FloatArray:
        """Calibrated log-odds, (n_rows,) float64, of rows that `featurise` gave."""
        return self.log_odds_of(encode(signals, self.catalogue, self.facts.codes))

    def contributions(self, signals: pl.DataFrame) -> Contributions:
        """TreeSHAP contributions, exact, summed per idea."""
        return self.contributions_of(encode(signals, self.catalogue, self.facts.codes))

    def matrix(self, table: FloatArray, timelines: Timelines) -> FloatArray:
        """What the kernels aggregated as the booster reads it, (n_rows, n_signals)."""
        return recode(table, timelines, self.catalogue, self.facts.codes)

    def log_odds_of(self, matrix: FloatArray) -> FloatArray:
        """Calibrated log-odds, (n_rows,) float64, of rows as the booster reads them."""
        raw, _ = self.trees.scores(matrix)
        return raw

    def contributions_of(self, matrix: FloatArray) -> Contributions:
        """As `contributions`, of the booster's own matrix, (n_rows, n_signals)."""
        by_idea = self.trees.contributions(matrix, self._idea_of_signal)
        return Contributions(np.full(len(matrix), self.trees.expected), by_idea)

    @cached_property
    def trees(self) -> Trees:
        """The booster's trees, tabulated; raises ModelRejectedError if too deep."""
        return trees_of(self.booster)

    @cached_property
    def _idea_of_signal(self) -> IntArray:
        ideas = list(self.catalogue.ideas)
        return np.array([ideas.index(signal.idea) for signal in self.catalogue.signals])
