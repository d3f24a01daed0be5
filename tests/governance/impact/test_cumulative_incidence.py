"""Closing over time, held to what can be counted by hand."""

import polars as pl
import pytest

from governance.impact.cumulative_incidence import Incidence, incidences


def curve(*leads: tuple[float, str | None]) -> dict[int, Incidence]:
    frame = pl.DataFrame(
        leads, schema={"days": pl.Float64, "ending": pl.String}, orient="row"
    )
    return {one.day: one for one in incidences(frame)}


def test_without_censoring_it_is_the_share_won_so_far() -> None:
    found = curve((20, "won"), (21, "lost"), (60, "won"), (100, "lost"), (180, None))
    assert [found[day].won.value for day in (15, 25, 60, 65, 175)] == pytest.approx(
        [0, 0.2, 0.2, 0.4, 0.4]
    )


def test_the_lost_compete_and_the_open_are_censored() -> None:
    """After 2 of 4 leads, one lost and one open no more followed, the next sale is
    one of 2 that remain, out of the 3/4 that weren't lost: 3/8."""
    found = curve((20, "lost"), (30, None), (40, "won"), (180, None))
    assert found[45].won.value == pytest.approx(3 / 8)
    assert 0 <= found[45].won.low < 3 / 8 < found[45].won.high <= 1


def test_a_curve_ends_with_the_last_lead_followed() -> None:
    assert max(curve((20, "won"), (43, None))) == 40
    assert all(one.won.value == 0 for one in curve((33, "lost")).values())
