"""Variants: rows without some of their events or fields, or with another event."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from features.aggregate import VariantArrays, aggregate
from features.program import INSERTED_SOURCE, NONE, WHOLE, Integers, Numbers
from features.seen import Seen

NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A row as it would be.

    Without the `events` (positions in the timelines, ascending), or of them the
    `fields` only (positions among the program's, NONE for the whole event); or with
    the program's `insertion` at the time `at`, in microseconds since 1970.
    """

    row: int
    events: Integers = field(default_factory=lambda: NOTHING)
    fields: Integers = field(default_factory=lambda: NOTHING)
    insertion: int = NONE
    at: int = 0


def signals_of_variants(variants: Sequence[Variant], seen: Seen) -> Numbers:
    """The signals of each variant, (n_variants, n_signals), as `aggregate` has them.

    The same as reading the changed events anew, at a fraction of the cost.
    """
    timelines, program = seen.timelines, seen.program
    inserted = np.array([one.insertion for one in variants], np.int64)
    at = np.array([one.at for one in variants], np.int64)
    fields = np.concatenate([NOTHING, *(one.fields for one in variants)])
    row = np.array([one.row for one in variants], np.int64)
    arrays = VariantArrays(
        row=row,
        pieces_of=np.cumsum([0, *(len(one.events) for one in variants)]),
        taken=np.concatenate([NOTHING, *(one.events for one in variants)]),
        taken_bits=np.where(fields == NONE, WHOLE, 1 << np.maximum(fields, 0)),
        inserted=np.where(inserted == NONE, NONE, inserted + timelines.events.height),
        inserted_at=at,
        place=_places(inserted, at, row, seen),
    )
    return aggregate(
        program.arrays, timelines.arrays, seen.rows, arrays, program.n_signals
    )


def _places(inserted: Integers, at: Integers, row: Integers, seen: Seen) -> Integers:
    """The event before which each insertion comes, by time, source and identifier."""
    timelines, rows = seen.timelines, seen.rows
    occurred = timelines.arrays.occurred
    places = np.zeros(len(inserted), np.int64)
    for i in np.flatnonzero(inserted != NONE):
        start, end = rows.start[row[i]], rows.end[row[i]]
        place = start + np.searchsorted(occurred[start:end], at[i], side="right")
        key = (INSERTED_SOURCE, seen.program.insertions[inserted[i]].event_id)
        while place > start and occurred[place - 1] == at[i]:
            if timelines.keys[place - 1] < key:
                break
            place -= 1
        places[i] = place
    return places
