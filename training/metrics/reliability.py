"""Reliability: what was said beside what came, with confidence bands by lead."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from features.arrays import BoolArray, FloatArray
from training.metrics.bootstrap import LEVEL, lead_weights
from training.metrics.metrics import N_RESAMPLES
from training.metrics.weighted_metrics import N_BINS

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
            _rate(weights @ (member * won[:, None]), weights @ member)
            for weights in lead_weights(lead_ids, n_resamples=n_resamples, seed=seed)
        ]
    )
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(drawn[1:], [tail, 1 - tail], axis=0)
    n_rows = member.sum(axis=0)
    return pl.DataFrame(
        {
            "said": _rate(probability @ member, n_rows),
            "came": drawn[0],
            "low": low,
            "high": high,
            "moments": n_rows.astype(np.int64),
        },
        schema=RELIABILITY_SCHEMA,
    )


def _rate(part: FloatArray, whole: FloatArray) -> FloatArray:
    """NaN where the whole is nothing."""
    answer: FloatArray = np.divide(
        part, whole, out=np.full(part.shape, np.nan), where=whole != 0
    )
    return answer
