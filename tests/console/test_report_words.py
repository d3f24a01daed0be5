"""Figures and intervals as French writes them."""

from governance.impact.cumulative_incidence import Incidence
from governance.impact.interval import Estimate
from governance.impact.lead_course import Level
from serving.console.page import figures_fr as words
from serving.console.reports.charts import curves_of, whiskers

NBSP, NARROW = "\u00a0", "\u202f"


def test_figures_have_a_comma_a_true_minus_and_their_plural() -> None:
    assert words.gap(0.024) == f"+2,4{NBSP}points"
    assert words.gap(-0.02) == f"−2,0{NBSP}points"
    assert words.gap(-0.0001) == f"0,0{NBSP}point"
    assert words.count(1085) == f"1{NARROW}085"
    interval = Estimate(0.086, 0.069, 0.111)
    assert words.percent_interval(interval) == f"8,6{NBSP}% (de 6,9 à 11,1{NBSP}%)"
    assert words.days_interval(None) == "trop peu de ventes"


def test_whiskers_share_a_scale_that_holds_zero() -> None:
    above, below = whiskers([Estimate(0.2, 0.1, 0.3), Estimate(-0.1, -0.2, 0.0)])
    assert above.zero == below.zero == below.high
    assert 0 <= below.low < below.value < above.low < above.value < above.high <= 100


def test_curves_start_at_nothing_and_grow_upwards() -> None:
    assert curves_of({}) is None
    told = [Incidence(day, Estimate(day / 1000, 0.0, 0.12)) for day in (90, 180)]
    curves = curves_of({Level.MOST: told})
    assert curves is not None
    (curve,) = curves.curves
    places = [tuple(map(float, at.split(","))) for at in curve.line.split()]
    assert places[0][1] > places[1][1] > places[2][1]
    assert [row[0] for row in curves.rows] == [30, 60, 90, 120, 150, 180]
    assert curves.rows[2][1][Level.MOST].value == 0.09
