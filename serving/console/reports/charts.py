"""Coordinates of a report's curves, intervals and columns, for SVG templates."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.impact.cumulative_incidence import LAST_DAY, Incidence
from governance.impact.interval import Estimate
from governance.impact.lead_course import Level

if TYPE_CHECKING:
    from training.metrics.bootstrap import Interval
    from training.promotion.registry_report import Month

WIDTH, HEIGHT, _COLUMNS_HEIGHT = 640, 260, 160
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 20, 12, 30
_DAYS = (0, 30, 60, 90, 120, 150, 180)
_FINEST = 0.05  # the axis ends at a multiple of it


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    value: float  # a day, or a share in [0, 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """`line` and `band` as the points of a polyline and of a polygon."""

    level: Level
    line: str
    band: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    width: int
    height: int
    days: tuple[Tick, ...]
    shares: tuple[Tick, ...]
    curves: tuple[Curve, ...]
    rows: tuple[tuple[int, Mapping[Level, Estimate]], ...]  # by day: the text table


def curves_of(incidences: Mapping[Level, Sequence[Incidence]]) -> Curves | None:
    """The incidences of each level in one chart; None if there are none."""
    drawn = {level: points for level, points in incidences.items() if points}
    if not drawn:
        return None
    won = {
        level: {point.day: point.won for point in points}
        for level, points in drawn.items()
    }
    highest = max(at.high for days in won.values() for at in days.values())
    top = max(1, math.ceil(highest / _FINEST)) * _FINEST
    return Curves(
        width=WIDTH,
        height=HEIGHT,
        days=tuple(Tick(_x(day), day) for day in _DAYS),
        shares=tuple(Tick(_y(share, top), share) for share in (0.0, top / 2, top)),
        curves=tuple(_curve(level, days, top) for level, days in won.items()),
        rows=tuple(
            (day, {level: days[day] for level, days in won.items() if day in days})
            for day in _DAYS[1:]
        ),
    )


def _curve(level: Level, won: Mapping[int, Estimate], top: float) -> Curve:
    upper = [(day, share.high) for day, share in won.items()]
    lower = [(day, share.low) for day, share in won.items()]
    line = [(0, 0.0), *((day, share.value) for day, share in won.items())]
    return Curve(
        level=level,
        line=_points(line, top),
        band=_points([*upper, *reversed(lower)], top),
    )


def _points(places: Sequence[tuple[int, float]], top: float) -> str:
    return " ".join(f"{_x(day)},{_y(share, top)}" for day, share in places)


def _x(day: float) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * day / LAST_DAY, 1)


def _y(share: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * share / top, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """An interval on a scale of 0 to 100 that all of a table share; `zero` is on it."""

    low: float
    value: float
    high: float
    zero: float


def whiskers(estimates: Sequence[Estimate]) -> list[Whisker]:
    """Intervals beneath each other, on one scale that holds zero."""
    low = min([0.0, *(estimate.low for estimate in estimates)])
    place = _scale(low, max([0.0, *(estimate.high for estimate in estimates)]))
    return [_whisker(estimate, place, zero=0) for estimate in estimates]


def _scale(low: float, high: float) -> Callable[[float], float]:
    """The place of a value from 0 to 100, with a margin at both ends."""
    factor = 96 / ((high - low) or 1)
    return lambda value: round(2 + (value - low) * factor, 2)


def _whisker(
    estimate: "Estimate | Interval", place: Callable[[float], float], zero: float
) -> Whisker:
    return Whisker(
        low=place(estimate.low),
        value=place(estimate.value),
        high=place(estimate.high),
        zero=place(zero),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    x: float
    y: float
    height: float
    middle: float
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    width: int
    height: int
    thick: float
    columns: tuple[Column, ...]


def columns_of(values: Sequence[int]) -> Columns:
    """Counts beside each other as columns, with room for figures above and below."""
    step, foot, tall = WIDTH / max(len(values), 1), 22, _COLUMNS_HEIGHT - 44
    highest = max([1, *values])
    return Columns(
        width=WIDTH,
        height=_COLUMNS_HEIGHT,
        thick=round(step * 0.6, 1),
        columns=tuple(
            Column(
                x=round(step * (at + 0.2), 1),
                y=round(_COLUMNS_HEIGHT - foot - tall * value / highest, 1),
                height=round(tall * value / highest, 1),
                middle=round(step * (at + 0.5), 1),
                value=value,
            )
            for at, value in enumerate(values)
        ),
    )


def reliability_of(months: Sequence["Month"]) -> list[tuple["Month", Whisker]]:
    """The observed share of each month as an interval; the predicted one as `zero`."""
    highest = max(
        (max(month.observed.high, month.predicted) for month in months), default=1
    )
    place = _scale(0, highest)
    return [
        (month, _whisker(month.observed, place, zero=month.predicted))
        for month in months
    ]
