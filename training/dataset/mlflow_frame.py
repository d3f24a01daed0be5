"""Frame of signals as the model that MLflow loads reads them."""

import pandas as pd
import polars as pl

from explanations.scorer import Scorer
from features.encoding import encode


def model_frame(signals: pl.DataFrame, scorer: Scorer) -> pd.DataFrame:
    """What `predict` of `mlflow.pyfunc.load_model` takes.

    Parameters
    ----------
    signals : DataFrame of shape (n_moments, 2 + n_signals)
        As `featurise` returns it for the scorer's catalogue.

    Returns
    -------
    DataFrame of shape (n_moments, n_signals), float64
        Categories as the positions of their labels in `scorer.facts.codes`, texts as
        log-odds, NaN where unknown.
    """
    matrix = encode(signals, scorer.catalogue, scorer.facts.codes)
    return pd.DataFrame(matrix, columns=list(scorer.catalogue.names))
