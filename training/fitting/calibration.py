"""Calibration in log-odds, affine, folded into the trees."""

import lightgbm as lgb
import numpy as np
from sklearn.linear_model import LogisticRegression

from features.arrays import BoolArray, FloatArray


def fit_affine(log_odds: FloatArray, won: BoolArray) -> tuple[float, float]:
    r"""Platt's slope and intercept, each moment counting once.

    .. math:: p = \sigma(a \, z + c)

    A weight by lead would look ahead: it is the larger, the sooner the lead ends. Under
    it even the demo log's true probabilities seem 0.029 off (`docs/quality.md`). Raises
    ValueError if the slope isn't positive: the scores rank leads the wrong way.

    Parameters
    ----------
    log_odds : ndarray of shape (n_moments,), float64
        z: raw scores of rows that the booster was not fitted on.
    won : ndarray of shape (n_moments,), bool

    Returns
    -------
    slope a > 0, intercept c : float

    References
    ----------
    .. [1] Platt (1999), "Probabilistic outputs for support vector machines".
    """
    model = LogisticRegression(C=np.inf)
    model.fit(log_odds[:, None], won)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        raise ValueError(f"the calibration slope is {slope:.3g}: scores rank backwards")
    return slope, intercept


def fold_in(booster: lgb.Booster, slope: float, intercept: float) -> lgb.Booster:
    """A copy of a booster whose raw score is slope · raw + intercept.

    Every leaf v becomes slope · v + intercept / n_trees: `predict` then gives
    the calibrated probability and `pred_contrib` adds up to its log-odds.
    """
    folded = lgb.Booster(model_str=booster.model_to_string())
    n_trees = folded.num_trees()
    for tree, description in enumerate(folded.dump_model()["tree_info"]):
        for leaf in range(description["num_leaves"]):
            value = slope * folded.get_leaf_output(tree, leaf) + intercept / n_trees
            folded.set_leaf_output(tree, leaf, value)
    return lgb.Booster(model_str=folded.model_to_string())
