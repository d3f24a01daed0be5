import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from explanations.scorer import probability
from features.encoding import encode
from tests.training.builders import (
    make_moments,
    make_settings,
    make_visit_catalogue,
    make_visit_log,
)
from training.errors import TrainingError
from training.fitting.fit import FitSettings, Fitted, fit
from training.metrics.metrics import Ranking

CATALOGUE = make_visit_catalogue()
MOMENTS, SIGNALS = make_moments(make_visit_log(), CATALOGUE)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(SIGNALS, MOMENTS, CATALOGUE, make_settings(), seed=1)


def test_the_same_seed_gives_the_same_trees(fitted: Fitted) -> None:
    again = fit(SIGNALS, MOMENTS, CATALOGUE, make_settings(), seed=1)
    assert again.booster.model_to_string() == fitted.booster.model_to_string()


def test_another_seed_gives_other_trees(fitted: Fitted) -> None:
    other = fit(SIGNALS, MOMENTS, CATALOGUE, make_settings(), seed=2)
    assert other.booster.model_to_string() != fitted.booster.model_to_string()


def test_trees_stay_shallow(fitted: Fitted) -> None:
    settings = FitSettings()
    assert settings.max_depth <= 5  # explanations must be fast and true (design §5)
    trees = fitted.booster.trees_to_dataframe()
    assert trees["node_depth"].max() - 1 <= settings.max_depth
    leaves = trees[trees["left_child"].isna()].groupby("tree_index").size()
    assert leaves.max() <= settings.num_leaves


def test_rows_are_scored_by_trees_of_other_times(fitted: Fitted) -> None:
    assert np.isfinite(fitted.out_of_block).all()
    seen = log_odds_of(fitted, SIGNALS)
    won = MOMENTS["won"].to_numpy()
    assert Ranking.of(won, fitted.out_of_block).auc() > 0.65
    assert Ranking.of(won, seen).auc() > Ranking.of(won, fitted.out_of_block).auc()


def test_probabilities_are_calibrated_out_of_block(fitted: Fitted) -> None:
    said = probability(fitted.out_of_block).mean()
    assert said == pytest.approx(MOMENTS["won"].to_numpy().mean(), abs=1e-3)


def test_the_calibration_is_in_the_trees(fitted: Fitted) -> None:
    matrix = encode(SIGNALS, CATALOGUE, fitted.codes)
    assert np.asarray(fitted.booster.predict(matrix)) == pytest.approx(
        probability(log_odds_of(fitted, SIGNALS)), abs=1e-12
    )


def test_contributions_add_up_with_unknown_values_and_categories(
    fitted: Fitted,
) -> None:
    some = SIGNALS.head(200).with_columns(
        headcount=pl.lit(float("nan")), sector=pl.lit(None, dtype=pl.String)
    )
    rows = pl.concat([SIGNALS, some])
    matrix = encode(rows, CATALOGUE, fitted.codes)
    shares = np.asarray(fitted.booster.predict(matrix, pred_contrib=True))
    assert shares.sum(axis=1) == pytest.approx(log_odds_of(fitted, rows), abs=1e-9)


def test_a_declared_direction_holds_whatever_else_is_known(fitted: Fitted) -> None:
    by_visits = [
        log_odds_of(fitted, SIGNALS.with_columns(visits=pl.lit(float(n))))
        for n in range(12)
    ]
    assert (np.diff(by_visits, axis=0) >= -1e-12).all()
    assert (by_visits[-1] > by_visits[0]).any()


def test_an_unknown_value_is_scored(fitted: Fitted) -> None:
    unknown = SIGNALS.with_columns(
        [pl.lit(float("nan")).alias(name) for name in ("days_since_reply", "headcount")]
    ).with_columns(sector=pl.lit(None, dtype=pl.String))
    assert np.isfinite(log_odds_of(fitted, unknown)).all()


def test_a_label_never_seen_is_scored_like_the_other_rare_ones(fitted: Fitted) -> None:
    new, rare = (
        log_odds_of(fitted, SIGNALS.with_columns(sector=pl.lit(label)))
        for label in ("jamais_vu", "autre")
    )
    assert (new == rare).all()


def test_a_label_of_few_leads_is_not_learnt() -> None:
    first = MOMENTS["lead_id"][0]
    sector = (
        pl.when(pl.col("lead_id") == first)
        .then(pl.lit("rare"))
        .otherwise("sector")
        .alias("sector")
    )
    found = fit(
        SIGNALS.with_columns(sector), MOMENTS, CATALOGUE, make_settings(), seed=1
    )
    labels = found.codes["sector"]
    assert isinstance(labels, tuple)
    assert set(labels) == {"autre", "industrie", "sante", "commerce"}


def test_a_time_without_a_won_lead_is_refused() -> None:
    newest = MOMENTS["first_at"].sort()[MOMENTS.height // 3]
    won_late = MOMENTS.with_columns(won=pl.col("won") & (pl.col("first_at") > newest))
    settings = make_settings(n_blocks=2)
    one_sided = won_late.with_columns(
        won=pl.col("won") & (pl.col("first_at") > MOMENTS["first_at"].sort()[-500])
    )
    with pytest.raises(TrainingError, match="block of training time"):
        fit(SIGNALS, one_sided, CATALOGUE, settings, seed=1)


def test_signals_that_say_nothing_are_refused_or_flat() -> None:
    """Scores that rank backwards are no model: a flat one may not be registered."""
    upside_down = MOMENTS.with_columns(
        won=(pl.col("first_at") > MOMENTS["first_at"].median())
        ^ (SIGNALS["visits"] > 1)
    )
    with pytest.raises(TrainingError, match="rank backwards"):
        fit(SIGNALS, upside_down, CATALOGUE, make_settings(n_blocks=2), seed=1)


def log_odds_of(fitted: Fitted, signals: pl.DataFrame) -> np.ndarray:
    matrix = encode(signals, CATALOGUE, fitted.codes)
    booster: lgb.Booster = fitted.booster
    return np.asarray(booster.predict(matrix, raw_score=True))
