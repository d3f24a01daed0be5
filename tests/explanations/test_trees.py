"""Tabulated trees say what LightGBM says, of any row and any shallow booster."""

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explanations.errors import ModelRejectedError
from explanations.trees import MOST_SIGNALS, Trees, trees_of
from features.arrays import FloatArray
from tests.budgets import examples

N_SIGNALS = 6
CATEGORY = 5  # the last signal
randomly = settings(max_examples=examples(30), deadline=None)


def rows(n: int, seed: int) -> FloatArray:
    """Made-up signals: counts, small and large numbers, holes, zeros, categories."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n, N_SIGNALS)) * [1, 10, 1e-36, 1e6, 1, 1]
    matrix[:, 1] = np.floor(np.abs(matrix[:, 1]))
    matrix[:, CATEGORY] = rng.integers(0, 40, n)
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    matrix[:, :CATEGORY][rng.random((n, CATEGORY)) < 0.2] = 0
    return matrix


def booster(seed: int, **params: Any) -> lgb.Booster:
    matrix = rows(300, seed)
    rng = np.random.default_rng(seed)
    said = np.nan_to_num(matrix[:, 0]) + (matrix[:, CATEGORY] % 3 == 0)
    won = rng.random(300) < 1 / (1 + np.exp(-said))
    chosen = {
        "objective": "binary",
        "verbosity": -1,
        "num_threads": 1,
        "seed": seed,
        "max_depth": 3,
        "min_data_in_leaf": 3,
        "min_data_per_group": 3,
        "cat_smooth": 1.0,
        "learning_rate": 0.3,
    }
    data = lgb.Dataset(matrix, won, categorical_feature=[CATEGORY])
    return lgb.train(chosen | params, data, num_boost_round=8)


params = st.fixed_dictionaries(
    {
        "max_depth": st.integers(1, 6),
        "zero_as_missing": st.booleans(),
        "use_missing": st.booleans(),
        "feature_fraction": st.sampled_from([0.3, 1.0]),
        "max_cat_to_onehot": st.sampled_from([1, 64]),
        "extra_trees": st.booleans(),
    }
)


def every_signal(trees: Trees, matrix: FloatArray) -> FloatArray:
    return trees.contributions(matrix, np.arange(N_SIGNALS))


@given(seed=st.integers(0, 10_000), params=params)
@randomly
def test_contributions_are_those_of_lightgbm(seed: int, params: dict[str, Any]) -> None:
    trained = booster(seed, **params)
    trees, asked = trees_of(trained), rows(200, seed + 1)

    expected = np.asarray(trained.predict(asked, pred_contrib=True))

    assert np.abs(every_signal(trees, asked) - expected[:, :-1]).max() < 1e-9
    assert trees.expected == pytest.approx(expected[0, -1], abs=1e-9)


@given(seed=st.integers(0, 10_000), params=params)
@randomly
def test_scores_are_those_of_lightgbm(seed: int, params: dict[str, Any]) -> None:
    trained = booster(seed, **params)
    asked = rows(200, seed + 1)

    raw, typical = trees_of(trained).scores(asked)

    assert raw.tolist() == np.asarray(trained.predict(asked, raw_score=True)).tolist()
    assert (typical <= 0).all()


def test_contributions_are_summed_by_group() -> None:
    trees, asked = trees_of(booster(1)), rows(50, 2)
    alone = every_signal(trees, asked)

    grouped = trees.contributions(asked, np.array([0, 1, 0, 1, 2, 2]))

    assert grouped[:, 0] == pytest.approx(alone[:, 0] + alone[:, 2], abs=1e-12)
    assert grouped.sum(axis=1) == pytest.approx(alone.sum(axis=1), abs=1e-12)


@pytest.mark.parametrize("code", [-1.0, 40.0, 1e6])
def test_a_category_never_seen_goes_where_lightgbm_sends_it(code: float) -> None:
    trained = booster(3)
    asked = rows(20, 4)
    asked[:, CATEGORY] = code

    expected = np.asarray(trained.predict(asked, pred_contrib=True))[:, :-1]

    assert np.abs(every_signal(trees_of(trained), asked) - expected).max() < 1e-9


def test_typical_is_the_mean_log_share_of_the_training_rows_beside() -> None:
    trained = booster(5)
    matrix = rows(300, 5)  # those it was trained on
    leaves = np.asarray(trained.predict(matrix, pred_leaf=True))
    share = np.stack([np.bincount(tree)[tree] / len(tree) for tree in leaves.T])

    _, typical = trees_of(trained).scores(matrix)

    assert typical == pytest.approx(np.log(share).mean(axis=0), abs=1e-12)


def test_a_tree_that_is_a_single_leaf_scores_and_explains_nothing() -> None:
    trained = booster(6, min_data_in_leaf=299)
    raw, typical = trees_of(trained).scores(rows(3, 6))
    assert raw == pytest.approx(np.asarray(trained.predict(rows(3, 6), raw_score=True)))
    assert typical.tolist() == [0, 0, 0]
    assert not every_signal(trees_of(trained), rows(3, 6)).any()


def test_no_row_is_no_score() -> None:
    trees = trees_of(booster(7))
    assert trees.scores(rows(0, 7))[0].shape == (0,)
    assert every_signal(trees, rows(0, 7)).shape == (0, N_SIGNALS)


def test_a_path_of_too_many_signals_is_refused() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(4_000, 12))
    won = matrix.sum(axis=1) > 0
    deep = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 400}
    trained = lgb.train(deep | {"min_data_in_leaf": 2}, lgb.Dataset(matrix, won), 3)
    with pytest.raises(ModelRejectedError, match=f"over {MOST_SIGNALS}"):
        trees_of(trained)
