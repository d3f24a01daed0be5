"""Points that are shown add up."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.rounding import rounded_points

POINTS = st.floats(-60, 60, allow_nan=False)


@given(base=st.floats(0, 100), points=st.lists(POINTS, max_size=6), other=POINTS)
def test_shown_points_add_up(base: float, points: list[float], other: float) -> None:
    score = math.fsum([base, *points, other])
    shown = rounded_points(base, points, other, score)
    assert shown.base + sum(shown.points) + shown.other == shown.score
    assert abs(shown.score - score) <= 0.5 + 1e-6
    for exact, told in zip(
        [base, *points, other], [shown.base, *shown.points, shown.other], strict=True
    ):
        assert abs(told - exact) < 1
        assert told * exact >= 0


@pytest.mark.parametrize(
    ("base", "points", "other", "score", "told"),
    [
        (33.0, [20.0, -3.0], 0.0, 50.0, (33, (20, -3), 0, 50)),
        (33.0, [], 0.0, 33.0, (33, (), 0, 33)),
        (0.4, [0.4, 0.4], 0.3, 1.5, (1, (1, 0), 0, 2)),
    ],
    ids=["whole", "no reason", "rounding"],
)
def test_points_are_rounded(
    base: float,
    points: list[float],
    other: float,
    score: float,
    told: tuple[int, tuple[int, ...], int, int],
) -> None:
    shown = rounded_points(base, points, other, score)
    assert (shown.base, shown.points, shown.other, shown.score) == told


def test_points_that_do_not_add_up_are_our_bug() -> None:
    with pytest.raises(AssertionError):
        rounded_points(30.0, [10.0], 0.0, 50.0)
