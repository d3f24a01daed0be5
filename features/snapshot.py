"""Snapshots of leads at their moments, ready for counterfactuals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from features.aggregate import RowArrays, Variants, aggregate, aggregate_changed
from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.compiled_catalogue import Program
from features.timelines import Timelines, timelines_of


@dataclass(frozen=True)
class Snapshot:
    """Rows of leads' timelines, and the program's columns of each.

    `table` (n_rows, n_columns) as `aggregate` returns it, all columns.
    """

    timelines: Timelines
    rows: RowArrays
    table: FloatArray

    @property
    def program(self) -> Program:
        return self.timelines.program

    def changed(self, variants: Variants) -> FloatArray:
        """The signals of each variant, (n_variants, n_signals), as `aggregate` gives
        them: the same as reading the changed events anew, at a fraction of the cost.
        """
        program, events = self.program, self.timelines.arrays
        return aggregate_changed(
            program.arrays, events, self.rows, variants, self.table, program.n_signals
        )

    def known(
        self, row: int, catalogue: Catalogue, columns: Sequence[int]
    ) -> dict[str, float | str | None]:
        """Signals by name, as people know them: None is unknown, and so is a sum that
        overflowed; without texts, which are quoted. `columns`: their positions in the
        catalogue."""
        values = self._values[row]
        known: dict[str, float | str | None] = {}
        for column in columns:
            signal, value = catalogue.signals[column], values[column]
            if signal.is_text:
                continue
            if not math.isfinite(value):
                known[signal.name] = None
            elif signal.is_category:
                known[signal.name] = self.timelines.labels_of(column)[int(value)]
            else:
                known[signal.name] = value
        return known

    @cached_property
    def _values(self) -> list[list[float]]:
        values: list[list[float]] = self.table.tolist()
        return values


def snapshot(
    events: pl.DataFrame, moments: pl.DataFrame, catalogue: Catalogue
) -> Snapshot:
    """Read the leads' events (of EVENT_SCHEMA) once, and aggregate them at each moment:
    `moments` (n_rows, 2) of MOMENT_SCHEMA."""
    return snapshot_at(timelines_of(events, catalogue), moments)


def snapshot_at(
    timelines: Timelines, moments: pl.DataFrame, known_at: pl.Series | None = None
) -> Snapshot:
    """As `snapshot`; with `known_at`, only what was known then is seen."""
    program, rows = timelines.program, timelines.rows(moments, known_at)
    table = aggregate(program.arrays, timelines.arrays, rows, program.n_columns)
    return Snapshot(timelines, rows, table)
