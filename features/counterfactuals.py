"""Signals of rows without some of their events or fields, or with another event."""

from features.aggregate import Variants, aggregate_changed
from features.arrays import FloatArray
from features.snapshot import Snapshot


def signals_of_variants(variants: Variants, seen: Snapshot) -> FloatArray:
    """The signals of each variant, (n_variants, n_signals), as `aggregate` has them.

    The same as reading the changed events anew, at a fraction of the cost.
    """
    program = seen.program
    return aggregate_changed(
        program.arrays,
        seen.timelines.arrays,
        seen.rows,
        variants,
        seen.table,
        program.n_signals,
    )
