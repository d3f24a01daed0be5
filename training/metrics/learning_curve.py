"""How a booster learns: its figures by number of trees."""

import lightgbm as lgb
import numpy as np
import polars as pl

from explanations.scorer import probability
from features.arrays import BoolArray, FloatArray
from training.metrics.metrics import auc, logarithmic_loss

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

    Parameters
    ----------
    booster : Booster
        As `fold_in` returns it.
    intercept : float
        That was folded into it, in log-odds.
    matrix : ndarray of shape (n_moments, n_signals), float64
        As `encode` returns it.
    won : ndarray of shape (n_moments,), bool

    Returns
    -------
    DataFrame of shape (<= N_STEPS, 3), CURVE_SCHEMA, the last with every tree
    """
    n_trees = booster.num_trees()
    ends = np.unique(np.linspace(0, n_trees, N_STEPS + 1).astype(int))
    even = np.ones(len(won))
    reached = np.full(len(won), intercept)
    rows = []
    for begin, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        count = end - begin
        added = booster.predict(
            matrix, raw_score=True, start_iteration=begin, num_iteration=count
        )
        reached += np.asarray(added) - intercept * count / n_trees
        said = probability(reached)
        figures = auc(won, said, even), logarithmic_loss(won, said, even)
        rows.append((end, *figures))
    return pl.DataFrame(rows, schema=CURVE_SCHEMA, orient="row")
