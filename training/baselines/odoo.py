"""Odoo's predictive lead scoring, as a baseline.

A naive Bayes over the stage and categorical fields, from its public
documentation; `docs/quality.md` describes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from features.arrays import BoolArray, FloatArray

Values = Mapping[str, str | None]
NEW_ROW = 0.1  # what a new value starts with, on both sides
LOWEST, HIGHEST = 0.01, 99.99


@dataclass(slots=True)
class OdooScoring:
    """Counts of won and lost leads by (field, value).

    `stages` are in order; an empty value is skipped, one never seen is ignored.
    """

    stage_field: str
    stages: Sequence[str]
    counts: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def learn(self, values: Values, *, won: bool) -> None:
        """Count one closed lead.

        A won lead counts for every stage, a lost one for those up to its own.
        """
        side = 0 if won else 1
        for name, value in values.items():
            if value is None or name == self.stage_field:
                continue
            self._row(name, value)[side] += 1
        for stage in self._stages_of(values, won=won):
            self._row(self.stage_field, stage)[side] += 1

    def score(self, values: Values) -> float:
        """The score in points, within [0.01, 99.99]; 50 before anything was learnt."""
        n_won, n_lost = self._first_stage()
        if n_won + n_lost == 0:
            return 50.0
        won, lost = n_won / (n_won + n_lost), n_lost / (n_won + n_lost)
        for name, value in values.items():
            row = self.counts.get(name, {}).get(value or "")
            if row is None:
                continue
            total_won, total_lost = self._totals(name)
            won *= row[0] / total_won if total_won else 0.0
            lost *= row[1] / total_lost if total_lost else 0.0
        if won + lost == 0:
            return 50.0
        return min(max(100 * won / (won + lost), LOWEST), HIGHEST)

    def _row(self, name: str, value: str) -> list[float]:
        return self.counts.setdefault(name, {}).setdefault(value, [NEW_ROW, NEW_ROW])

    def _stages_of(self, values: Values, *, won: bool) -> Sequence[str]:
        stage = values.get(self.stage_field)
        if won:
            return self.stages
        if stage not in self.stages:
            return ()
        return self.stages[: self.stages.index(stage) + 1]

    def _first_stage(self) -> tuple[float, float]:
        row = self.counts.get(self.stage_field, {}).get(self.stages[0])
        return (row[0], row[1]) if row else (0.0, 0.0)

    def _totals(self, name: str) -> tuple[float, float]:
        if name == self.stage_field:
            return self._first_stage()
        rows = self.counts[name].values()
        return sum(row[0] for row in rows), sum(row[1] for row in rows)


def odoo_probabilities(
    closed: pl.DataFrame,
    won: BoolArray,
    scored: pl.DataFrame,
    *,
    stage_field: str,
    stages: Sequence[str],
    fields: Sequence[str],
) -> FloatArray:
    """Learn from closed leads, score others: (n_scored,) float64, in [0, 1].

    `closed` (a row a lead, `won` (n_closed,)) and `scored` (a row a moment) have the
    text columns `stage_field` and `fields`.
    """
    columns = [stage_field, *fields]
    model = OdooScoring(stage_field, stages)
    for values, is_won in zip(closed.select(columns).to_dicts(), won, strict=True):
        model.learn(values, won=bool(is_won))
    return np.array([model.score(v) for v in scored.select(columns).to_dicts()]) / 100
