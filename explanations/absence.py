"""Absences: an awaited event that is overdue, and when it should have come."""

from dataclasses import dataclass

import numpy as np

from explanations.scorer import EVERY_SEGMENT, ScorerFacts
from features.aggregate import HOUR
from features.arrays import BoolArray, FloatArray, IntArray
from features.catalogue import Catalogue
from features.snapshot import Snapshot

_COLUMNS = 3  # of a wait, in the program: since, came, came in its place


@dataclass(frozen=True, slots=True)
class Absence:
    """An awaited event of the program's that is overdue.

    `since` and `due` in microseconds since 1970: when the wait began, and when the
    event should have come.
    """

    insertion: int
    since: int
    due: int


@dataclass(frozen=True, slots=True)
class Absences:
    """The overdue events of each row and wait, in the order of the program's waits.

    All (n_rows, n_waits): is it `overdue`, and `since` and `due` as above.
    """

    overdue: BoolArray
    since: IntArray
    due: IntArray

    def at(self, row: int, wait: int) -> Absence:
        """One that is overdue."""
        return Absence(wait, int(self.since[row, wait]), int(self.due[row, wait]))


def absences(seen: Snapshot, catalogue: Catalogue, facts: ScorerFacts) -> Absences:
    """The overdue events of every row.

    An event is overdue when none came since its anchor (the last event `after`,
    or the lead's first event) and the segment's usual delay has gone by.
    """
    table, program = seen.table, seen.program
    n_waits = len(program.waits)
    times = table[:, program.n_signals :][:, : _COLUMNS * n_waits]
    since, came, instead = times.reshape(len(table), n_waits, _COLUMNS).transpose(
        2, 0, 1
    )
    delay = _delays(seen, catalogue, facts)
    is_waiting = ~(np.fmax(came, instead) >= since) & ~np.isnan(since + delay)
    begun = np.where(is_waiting, since, 0).astype(np.int64)
    due = begun + np.where(is_waiting, delay, 0).astype(np.int64)
    return Absences(is_waiting & (due <= seen.rows.moment[:, None]), begun, due)


def _delays(seen: Snapshot, catalogue: Catalogue, facts: ScorerFacts) -> FloatArray:
    """Usual delay of each row and wait, in microseconds; NaN where none is known."""
    labels: tuple[str, ...] = ()
    segment = np.full(len(seen.table), -1)
    if catalogue.segment is not None:
        column = seen.program.n_columns - 1
        labels = seen.timelines.labels_of(column)
        segment = np.nan_to_num(seen.table[:, column], nan=-1).astype(np.int64)
    waits = seen.program.waits
    usual = [facts.usual_delay_hours.get(idea, {}) for idea in waits]
    by_segment = np.array(
        [
            [
                hours.get(label, hours.get(EVERY_SEGMENT, np.nan)) * HOUR
                for hours in usual
            ]
            for label in (*labels, EVERY_SEGMENT)  # the last: a segment unknown
        ]
    ).reshape(len(labels) + 1, len(waits))
    delays: FloatArray = np.rint(by_segment[segment])
    return delays
