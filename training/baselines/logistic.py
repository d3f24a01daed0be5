"""Logistic regression on the same signals, as a data scientist would begin."""

import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.encoding import encode
from training.dataset.encoding import learn_encoding

MIN_LEADS_OF_LABEL = 20  # as FitSettings has it


def logistic_baseline(
    signals: pl.DataFrame,
    moments: pl.DataFrame,
    scored: pl.DataFrame,
    catalogue: Catalogue,
) -> FloatArray:
    """Medians and missing indicators, standard scores, one column a label.

    Parameters
    ----------
    signals, scored : DataFrame of shape (n_moments, 2 + n_signals)
        As `featurise` returns them.
    moments : DataFrame
        `LabelledMoments.frame`, row for row with `signals`.

    Returns
    -------
    ndarray of shape (n_scored,), float64, in [0, 1]
    """
    learnt = learn_encoding(signals, moments, catalogue, min_leads=MIN_LEADS_OF_LABEL)
    model = _pipeline(catalogue)
    model.fit(
        learnt.matrix,
        moments["won"].to_numpy(),
        logisticregression__sample_weight=moments["weight"].to_numpy(),
    )
    matrix = encode(scored, catalogue, learnt.codes)
    answer: FloatArray = model.predict_proba(matrix)[:, 1]
    return answer


def _pipeline(catalogue: Catalogue) -> Pipeline:
    categories = [catalogue.names.index(name) for name in catalogue.categories]
    numbers = [i for i in range(len(catalogue.names)) if i not in categories]
    known = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    columns = make_column_transformer(
        (known, numbers), (OneHotEncoder(handle_unknown="ignore"), categories)
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1_000))
