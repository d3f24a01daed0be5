import numpy as np
import pytest

from explanations.scorer import probability
from features.encoding import encode
from tests.training.builders import (
    make_moments,
    make_settings,
    make_visit_catalogue,
    make_visit_log,
)
from training.fitting.fit import fit
from training.metrics.curves import N_STEPS, learning_curve, reliability
from training.metrics.metrics import Ranking

CATALOGUE = make_visit_catalogue()


def test_it_ends_with_the_figures_of_the_whole_and_begins_with_those_of_less() -> None:
    moments, signals = make_moments(make_visit_log(), CATALOGUE)
    fitted = fit(signals, moments, CATALOGUE, make_settings(n_trees=40), seed=1)
    matrix, won = encode(signals, CATALOGUE, fitted.codes), moments["won"].to_numpy()

    curve = learning_curve(fitted.booster, fitted.intercept, matrix, won)

    said = np.asarray(fitted.booster.predict(matrix))
    *_, (n_trees, last_auc, last_loss) = curve.iter_rows()
    assert n_trees == 40
    assert last_auc == pytest.approx(Ranking.of(won, said).auc().item(), abs=1e-9)
    assert last_loss == pytest.approx(Ranking.of(won, said).log_loss().item(), abs=1e-9)
    assert curve.height == N_STEPS
    assert curve["log_loss"][0] > last_loss
    assert curve["n_trees"].is_sorted()


def test_reliability_is_near_what_was_said_where_that_is_true() -> None:
    draws = np.random.default_rng(3)
    said = probability(draws.normal(-1, 1, size=4_000))
    won = draws.random(4_000) < said
    leads = [f"L-{number // 2}" for number in range(4_000)]

    bins = reliability(leads, won, said)

    assert bins.height == 10
    assert bins["moments"].sum() == 4_000
    assert bins["said"].is_sorted()
    inside = (bins["low"] <= bins["said"]) & (bins["said"] <= bins["high"])
    assert inside.sum() >= 8
    assert (bins["low"] <= bins["came"]).all()
    assert (bins["came"] <= bins["high"]).all()


def test_one_score_for_all_is_one_bin() -> None:
    bins = reliability(["a", "b"], np.array([True, False]), np.array([0.5, 0.5]))
    assert bins.rows() == [(0.5, 0.5, 0.0, 1.0, 2)]
