"""Curves of a booster and its scores: learning by number of trees, and reliability."""

from collections.abc import Sequence

import lightgbm as lgb
import numpy as np
import polars as pl

from explanations.scorer import probability
from features.arrays import BoolArray, FloatArray
from training.metrics.bootstrap import LEVEL, lead_weights
from training.metrics.metrics import N_BINS, N_RESAMPLES, Ranking, ratio

N_STEPS = 30
CURVE_SCHEMA = pl.Schema(
    {"n_trees": pl.Int64(), "auc": pl.Float64(), "log_loss": pl.Float64()}
)


def learning_curve(
    booster: lgb.Booster, intercept: float, matrix: FloatArray, won: BoolArray
) -> pl.DataFrame:
    """AUC and log loss of the booster's first trees, calibrated as the whole is.

    The intercept that `fold_in` spread over all trees is given whole to the first:
    what is told is slope · (raw score of the first trees) + intercept.

    `booster` as `fold_in` returns it, and the `intercept` that was folded into it, in
    log-odds; `matrix` (n_moments, n_signals) float64 as `encode` returns it; `won`
    (n_moments,). The result is (<= N_STEPS, 3), CURVE_SCHEMA, the last with every tree.
    """
    n_trees = booster.num_trees()
    ends = np.unique(np.linspace(0, n_trees, N_STEPS + 1).astype(int))
    reached = np.full(len(won), intercept)
    rows = []
    for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        count = end - begin
        added = booster.predict(
            matrix, raw_score=True, start_iteration=begin, num_iteration=count
        )
        reached += np.asarray(added) - intercept * count / n_trees
        ranking = Ranking.of(won, probability(reached))
        rows.append((end, ranking.auc().item(), ranking.log_loss().item()))
    return pl.DataFrame(rows, schema=CURVE_SCHEMA, orient="row")


RELIABILITY_SCHEMA = pl.Schema(
    {
        "said": pl.Float64(),
        "came": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "moments": pl.Int64(),
    }
)


def reliability(
    lead_ids: Sequence[str],
    won: BoolArray,
    probability: FloatArray,
    *,
    n_bins: int = N_BINS,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> pl.DataFrame:
    """The rate won in bins of about equal mass, with its interval over other leads.

    Parameters
    ----------
    lead_ids : sequence of n str
        Moments of one lead are resampled together.
    won : ndarray of shape (n,), bool
    probability : ndarray of shape (n,), float64, in [0, 1]
    n_bins : int, >= 1
        Equal scores stay together, so there may be fewer.

    Returns
    -------
    DataFrame of shape (<= n_bins, 5), RELIABILITY_SCHEMA, by increasing `said`
        `said` and `came`: the mean probability and the share won, in [0, 1]; `low`
        and `high`: the 95 % interval of `came`, percentiles of resamples.

    References
    ----------
    .. [1] Bröcker & Smith (2007), "Increasing the reliability of reliability diagrams",
       Weather and Forecasting 22.
    """
    edges = np.quantile(probability, np.arange(1, n_bins) / n_bins)
    filled, bins = np.unique(
        np.searchsorted(edges, probability, side="right"), return_inverse=True
    )
    member = (bins[:, None] == np.arange(len(filled))).astype(np.float64)
    drawn = np.concatenate(
        [
            ratio(weights @ (member * won[:, None]), weights @ member)
            for weights in lead_weights(lead_ids, n_resamples=n_resamples, seed=seed)
        ]
    )
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(drawn[1:], [tail, 1 - tail], axis=0)
    n_rows = member.sum(axis=0)
    return pl.DataFrame(
        {
            "said": ratio(probability @ member, n_rows),
            "came": drawn[0],
            "low": low,
            "high": high,
            "moments": n_rows.astype(np.int64),
        },
        schema=RELIABILITY_SCHEMA,
    )
