"""Variants one at a time, as tests make them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.aggregate import Variants
from features.compiled_catalogue import NONE

Piece = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A row without `pieces` (event and field, in order), or with an event at `at`."""

    row: int = 0
    pieces: tuple[Piece, ...] = ()
    insertion: int = NONE
    at: int = 0


def variants_of(several: Sequence[Variant]) -> Variants:
    """As the kernels take them."""
    pieces = [piece for one in several for piece in one.pieces]
    event, field = np.array(pieces, np.int64).reshape(-1, 2).T.copy()
    ends = np.cumsum([0, *(len(one.pieces) for one in several)])
    return Variants(
        row=np.array([one.row for one in several], np.int64),
        start=ends[:-1],
        end=ends[1:],
        event=event,
        field=field,
        insertion=np.array([one.insertion for one in several], np.int64),
        at=np.array([one.at for one in several], np.int64),
    )
