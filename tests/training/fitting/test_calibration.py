import lightgbm as lgb
import numpy as np
import pytest

from explanations.scorer import probability
from training.fitting.calibration import fit_affine, fold_in

SLOPE, INTERCEPT = 0.8, -0.3


def make_rows(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """A number, a number often unknown, and a category, with what came of them."""
    draws = np.random.default_rng(3)
    rows = np.column_stack(
        [draws.normal(size=n), draws.exponential(size=n), draws.integers(0, 4, size=n)]
    )
    rows[draws.random(n) < 0.3, 1] = np.nan
    log_odds = rows[:, 0] + np.nan_to_num(rows[:, 1], nan=-1.0) - (rows[:, 2] == 2)
    return rows, draws.random(n) < probability(log_odds)


def make_booster(**params: object) -> lgb.Booster:
    rows, won = make_rows()
    dataset = lgb.Dataset(rows, won.astype(float), categorical_feature=[2])
    defaults = {"objective": "binary", "verbosity": -1, "num_leaves": 8, "seed": 1}
    return lgb.train({**defaults, **params}, dataset, 30)


def make_edge_rows() -> np.ndarray:
    """Known and unknown values, a category known, unknown and never seen."""
    rows, _ = make_rows(100)
    return np.vstack(
        [rows, [[np.nan, np.nan, np.nan], [0.0, np.nan, 99.0], [9.0, 9.0, 2.0]]]
    )


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({}, id="trees"),
        pytest.param({"min_data_in_leaf": 5000}, id="one leaf a tree"),
        pytest.param({"monotone_constraints": [1, 0, 0]}, id="constrained"),
        pytest.param({"boost_from_average": False}, id="no starting score"),
    ],
)
class TestFolding:
    def test_predicts_the_calibrated_probability(
        self, params: dict[str, object]
    ) -> None:
        plain, rows = make_booster(**params), make_edge_rows()
        folded = fold_in(plain, SLOPE, INTERCEPT)
        raw = np.asarray(plain.predict(rows, raw_score=True))
        expected = probability(SLOPE * raw + INTERCEPT)
        assert folded.predict(rows) == pytest.approx(expected, abs=1e-12)

    def test_contributions_add_up_to_the_log_odds(
        self, params: dict[str, object]
    ) -> None:
        folded = fold_in(make_booster(**params), SLOPE, INTERCEPT)
        rows = make_edge_rows()
        added = np.asarray(folded.predict(rows, pred_contrib=True)).sum(axis=1)
        log_odds = np.asarray(folded.predict(rows, raw_score=True))
        assert added == pytest.approx(log_odds, abs=1e-9)

    def test_survives_being_written_and_read(self, params: dict[str, object]) -> None:
        folded, rows = (
            fold_in(make_booster(**params), SLOPE, INTERCEPT),
            make_edge_rows(),
        )
        read = lgb.Booster(model_str=folded.model_to_string())
        assert np.array_equal(read.predict(rows), folded.predict(rows))


def test_folding_leaves_the_booster_as_it_was() -> None:
    plain = make_booster()
    before = plain.model_to_string()
    fold_in(plain, SLOPE, INTERCEPT)
    assert plain.model_to_string() == before


def test_finds_the_slope_and_intercept_that_made_the_outcomes() -> None:
    draws = np.random.default_rng(5)
    log_odds = draws.normal(size=200_000)
    won = draws.random(200_000) < probability(SLOPE * log_odds + INTERCEPT)
    assert fit_affine(log_odds, won) == pytest.approx((SLOPE, INTERCEPT), abs=0.02)


def test_scores_that_rank_backwards_are_refused() -> None:
    log_odds = np.array([-2.0, -1.0, 1.0, 2.0, 0.0])
    won = np.array([True, True, False, False, True])
    with pytest.raises(ValueError, match="rank backwards"):
        fit_affine(log_odds, won)
