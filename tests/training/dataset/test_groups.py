from datetime import timedelta

import numpy as np
import polars as pl

from features.catalogue import parse_catalogue
from tests.explanations.models import SMALL_CATALOGUE
from tests.training.builders import day
from training.dataset.groups import MIN_LEADS, age_bands, lead_counts, segments

N = 4 * MIN_LEADS
CATALOGUE = parse_catalogue(SMALL_CATALOGUE)
MOMENTS = pl.DataFrame(
    {
        "lead_id": [f"L-{i}" for i in range(N)],
        "first_at": [day(0)] * N,
        "moment": [day(0) + timedelta(days=1 + i % 2 * 6) for i in range(N)],
        "won": [i % 3 == 0 for i in range(N)],
    }
)
SIGNALS = pl.DataFrame(
    {
        "visits": [1.0] * N,
        "sector": [None, "rare", *(["btp", "sante"] * N)[: N - 2]],
        "headcount": [float("nan"), *(float(i) for i in range(1, N))],
    }
)


def test_segments_are_the_attributes_labels_and_bands() -> None:
    found = {
        (one.dimension, one.label) for one in segments(SIGNALS, MOMENTS, CATALOGUE)
    }
    assert {("sector", "btp"), ("sector", "sante")} <= found
    assert ("sector", "rare") not in found  # too few leads
    assert {dimension for dimension, _ in found} == {"sector", "headcount"}


def test_the_bands_of_a_number_hold_each_known_value_once() -> None:
    bands = [
        one.rows
        for one in segments(SIGNALS, MOMENTS, CATALOGUE)
        if one.dimension == "headcount"
    ]
    assert np.sum(bands, axis=0).max() == 1
    assert not any(rows[0] for rows in bands)  # unknown


def test_an_unknown_attribute_has_no_segment() -> None:
    unknown = SIGNALS.with_columns(
        sector=pl.lit(None, dtype=pl.String), headcount=pl.lit(float("nan"))
    )
    assert segments(unknown, MOMENTS, CATALOGUE) == []


def test_ages_are_those_of_the_moments() -> None:
    bands = {one.label: int(one.rows.sum()) for one in age_bands(MOMENTS)}
    assert bands == {"up to 1 d": N // 2, "1 to 7 d": N // 2}


def test_a_lead_is_won_once_however_many_moments_it_has() -> None:
    twice = pl.concat([MOMENTS, MOMENTS.with_columns(won=pl.lit(False))])
    assert lead_counts(twice, np.ones(2 * N, bool)) == (N // 3, N - N // 3)
