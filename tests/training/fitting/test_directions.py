"""A declared direction holds on a trained model, for every signal that declares one."""

from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from features.catalogue import Catalogue, Signal
from features.encoding import encode
from tests.features.test_every_signal import EVERY_SIGNAL
from tests.training.builders import START, make_settings
from training.fitting.fit import Fitted, fit

N_LEADS = 800
MOST = 8  # of a count
DIRECTED = [
    one
    for one in EVERY_SIGNAL
    if isinstance(signal := one.values[1], Signal) and signal.direction
]


@pytest.mark.parametrize(("catalogue", "signal"), DIRECTED)
def test_a_declared_direction_holds_against_the_data(
    catalogue: Catalogue, signal: Signal
) -> None:
    signals, fitted = trained(catalogue)
    some = signals[:200]

    by_count = np.array(
        [
            log_odds(fitted, some.with_columns(count.alias(signal.name)), catalogue)
            for count in map(pl.lit, np.arange(MOST + 3.0))
        ]
    )

    assert (signal.direction * np.diff(by_count, axis=0) >= -1e-12).all()
    assert np.ptp(by_count) > 0.01  # the model does read it


@cache
def trained(catalogue: Catalogue) -> tuple[pl.DataFrame, Fitted]:
    """Random signals, of which each count first pulls as declared, then against it."""
    draws = np.random.default_rng(1)
    leads = [f"L-{number}" for number in range(N_LEADS)]
    at = [START + timedelta(hours=number) for number in range(N_LEADS)]
    counts = {
        name: draws.integers(MOST, size=N_LEADS).astype(np.float64)
        for name in catalogue.names
    }
    pull = np.zeros(N_LEADS)
    for signal in catalogue.signals:
        if signal.direction:
            humped = np.minimum(counts[signal.name], MOST - 2 - counts[signal.name] / 2)
            pull += signal.direction * humped
    won = pull + draws.normal(size=N_LEADS) > np.median(pull)
    signals = pl.DataFrame({"lead_id": leads, "moment": at} | counts).with_columns(
        pl.format("label {}", name).alias(name)
        for name in (*catalogue.categories, *catalogue.texts)
    )
    moments = pl.DataFrame(
        {"lead_id": leads, "moment": at, "first_at": at, "won": won, "weight": 1.0}
    )
    settings = make_settings(n_trees=60, learning_rate=0.3)
    return signals, fit(signals, moments, catalogue, settings, seed=1)


def log_odds(
    fitted: Fitted, signals: pl.DataFrame, catalogue: Catalogue
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    matrix = encode(signals, catalogue, fitted.codes)
    raw: np.ndarray[tuple[int], np.dtype[np.float64]] = np.asarray(
        fitted.booster.predict(matrix, raw_score=True)
    )
    return raw
