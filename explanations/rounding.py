"""Rounding of points so that what is shown still adds up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundedPoints:
    """Whole points: base + Σ points + other = score."""

    base: int
    points: tuple[int, ...]  # one a reason, in the order given
    other: int
    score: int


def rounded_points(
    base: float, points: Sequence[float], other: float, score: float
) -> RoundedPoints:
    """Round each part down or up by the method of the largest remainder.

    The score is rounded first, to the nearest; no part moves by a point or
    more, so none changes sign.

    Parameters
    ----------
    base, points, other, score : float, points (0 to 100)
        base + Σ points + other = score, to 1e-6.

    Examples
    --------
    >>> rounded_points(20.3, [31.4, -5.8], 2.4, 48.3)
    RoundedPoints(base=20, points=(31, -6), other=3, score=48)
    """
    parts = [base, *points, other]
    assert math.isclose(math.fsum(parts), score, abs_tol=1e-6), "does not add up"
    # Beyond the ninth decimal is noise: 2.9999999999 is shown as 3, not as 2 + 1.
    parts = [round(part, 9) for part in parts]
    shown_score = nearest(score)
    whole = [math.floor(part) for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: whole[i] - parts[i])
    for i in by_remainder[: shown_score - sum(whole)]:
        whole[i] += 1
    return RoundedPoints(
        base=whole[0], points=tuple(whole[1:-1]), other=whole[-1], score=shown_score
    )


def nearest(value: float) -> int:
    """The nearest whole number, halves up (Python's own `round` takes the even)."""
    return math.floor(round(value, 9) + 0.5)
