"""Coordinates of the bars and lines of a lead's page, for SVG templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from explanations.rounding import rounded_points

CHART_WIDTH, CHART_HEIGHT, _MARGIN = 600, 120, 10
_LABELS = 40  # what the scale takes at the left: no point stands on its numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A step from the model's starting point to the score.

    `points` are whole and add up; `x` and `width` are in percent of the row.
    """

    points: int
    x: float
    width: float
    reason: Mapping[str, Any] | None  # as it was served; None: all the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    base: int
    score: int
    steps: tuple[Bar, ...]


def bars_of(score: Mapping[str, Any]) -> Bars:
    """The reasons of a score as it was served, as a cascade from base to score."""
    reasons = score["reasons"]
    rounded = rounded_points(
        score["base"],
        [reason["points"] for reason in reasons],
        score["other_points"],
        score["score"],
    )
    steps = [*zip(rounded.points, reasons, strict=True), (rounded.other, None)]
    reached = [*accumulate((points for points, _ in steps), initial=rounded.base)]
    low, high = min(0, *reached), max(1, *reached)
    scale = 100 / (high - low)
    return Bars(
        base=rounded.base,
        score=rounded.score,
        steps=tuple(
            Bar(
                points=points,
                reason=reason,
                x=round((min(before, before + points) - low) * scale, 2),
                width=round(abs(points) * scale, 2),
            )
            for before, (points, reason) in zip(reached[:-1], steps, strict=True)
            if reason is not None or points
        ),
    )


@dataclass(frozen=True, slots=True)
class Point:
    """A score of the history, and where it stands in the chart."""

    x: float
    y: float
    score: Mapping[str, Any]


def line_of(history: Sequence[Mapping[str, Any]]) -> list[Point]:
    """The history of a score, the oldest first, within CHART_WIDTH by CHART_HEIGHT."""
    times = [datetime.fromisoformat(score["moment"]).timestamp() for score in history]
    lasted = max(times, default=0) - min(times, default=0) or 1
    left = _LABELS + _MARGIN
    across, down = CHART_WIDTH - left - _MARGIN, CHART_HEIGHT - 2 * _MARGIN
    return [
        Point(
            x=round(left + across * (at - times[0]) / lasted, 1),
            y=round(_MARGIN + down * (1 - score["score"] / 100), 1),
            score=score,
        )
        for at, score in zip(times, history, strict=True)
    ]
