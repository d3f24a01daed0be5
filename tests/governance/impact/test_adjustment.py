"""The adjusted difference finds a known effect back where the raw one doesn't."""

import numpy as np
import polars as pl
import pytest

from governance.impact.adjustment import Adjusted, adjusted
from governance.impact.lead_course import Attributes

ATTRIBUTES = Attributes(("sector",), ("headcount",), "sector")
EFFECT = 0.1


def simulated(n_leads: int, seed: int) -> pl.DataFrame:
    """Machines write to leads of `btp` and to small ones, which are won less often;
    a machine adds EFFECT to the chance."""
    rng = np.random.default_rng(seed)
    is_btp = rng.random(n_leads) < 0.5
    headcount = rng.lognormal(4, 1, n_leads)
    is_small = headcount < 40
    most = rng.random(n_leads) < 0.25 + 0.3 * is_btp + 0.25 * is_small
    chance = 0.5 - 0.2 * is_btp - 0.1 * is_small + EFFECT * most
    return pl.DataFrame(
        {
            "level": np.where(most, "most", "none"),
            "won": rng.random(n_leads) < chance,
            "entered": np.where(rng.random(n_leads) < 0.5, "2026-1", "2026-2"),
            "sector": np.where(is_btp, "btp", "sante"),
            "headcount": headcount,
        }
    )


def found(leads: pl.DataFrame) -> Adjusted:
    answer = adjusted(leads, ATTRIBUTES, seed=1)
    assert answer is not None
    return answer


@pytest.fixture(scope="module")
def answer() -> Adjusted:
    return found(simulated(4000, seed=3))


def test_the_adjusted_interval_holds_the_effect_and_the_naive_one_does_not(
    answer: Adjusted,
) -> None:
    assert answer.adjusted.low < EFFECT < answer.adjusted.high
    assert answer.naive.high < EFFECT
    assert answer.adjusted.width < 0.08
    assert [one.name for one in answer.segments] == ["btp", "sante"]


def test_the_widest_difference_at_entry_comes_first(answer: Adjusted) -> None:
    first, *others = answer.shifts
    assert first.attribute == "sector"
    assert abs(first.most - first.none) > 0.2
    assert "entered" not in {one.attribute for one in others}


def test_too_few_endings_tell_nothing() -> None:
    leads = simulated(200, seed=1)
    few = leads.filter((pl.col("level") == "most") | ~pl.col("won"))
    assert adjusted(few, ATTRIBUTES, seed=1) is None
    assert adjusted(leads.clear(), ATTRIBUTES, seed=1) is None


def test_an_attribute_that_nobody_recorded_does_no_harm() -> None:
    nothing = pl.lit(None, dtype=pl.String)
    leads = simulated(800, seed=4).with_columns(
        sector=nothing, headcount=pl.lit(None, dtype=pl.Float64)
    )
    answer = found(leads)
    assert answer.segments == ()
    assert abs(answer.adjusted.value - answer.naive.value) < 0.01
