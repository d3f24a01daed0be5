"""Variants: rows without some of their events or fields, or with another event."""

from features.aggregate import Variants, aggregate_changed
from features.arrays import FloatArray
from features.seen import Seen


def signals_of_variants(variants: Variants, seen: Seen) -> FloatArray:
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
