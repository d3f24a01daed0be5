"""Signals as the numbers that a booster reads: categories become codes."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue import Catalogue
from features.timelines import Timelines

FloatArray = NDArray[np.float64]
Labels = tuple[str, ...]
Codes = Mapping[str, Labels]  # signal → its labels; the code is the position

OTHER = "autre"  # code 0: a label too rare to learn from, or never seen


def learn_codes(
    signals: pl.DataFrame, catalogue: Catalogue, *, min_leads: int
) -> Codes:
    """The labels of each category that at least `min_leads` leads have, by frequency.

    Parameters
    ----------
    signals : DataFrame of shape (n_moments, 2 + n_signals)
        As `featurise` returns it.
    min_leads : int, >= 1
        Rarer labels share the code of `OTHER`.
    """
    return {
        name: (OTHER, *_common_labels(signals, name, min_leads))
        for name in catalogue.categories
    }


def encode(signals: pl.DataFrame, catalogue: Catalogue, codes: Codes) -> FloatArray:
    """Encode signals as a matrix.

    Returns
    -------
    ndarray of shape (n_moments, n_signals), float64
        In the catalogue's order; categories are codes (0 for a label not
        learnt), NaN is unknown.
    """
    columns = [
        _coded(name, codes[name]) if name in codes else pl.col(name)
        for name in catalogue.names
    ]
    return signals.select(columns).to_numpy(order="c").astype(np.float64, copy=False)


def recode(
    table: FloatArray, timelines: Timelines, catalogue: Catalogue, codes: Codes
) -> FloatArray:
    """Encode what the kernels aggregated, as `encode` does the same signals.

    Parameters
    ----------
    table : ndarray of shape (n_rows, >= n_signals), float64
        Its categories are positions among the labels of `timelines`.
    """
    matrix = table[:, : len(catalogue.names)].copy()
    for name in catalogue.categories:
        column = catalogue.names.index(name)
        labels = timelines.labels_of(column)
        position = {label: float(code) for code, label in enumerate(codes[name])}
        code_of = np.array([position.get(label, 0.0) for label in labels])
        known = ~np.isnan(matrix[:, column])
        matrix[known, column] = code_of[matrix[known, column].astype(np.int64)]
    return matrix


def _coded(name: str, labels: tuple[str, ...]) -> pl.Expr:
    column = pl.col(name)
    code = column.replace_strict(
        list(labels), [float(i) for i in range(len(labels))], default=0.0
    )
    return pl.when(column.is_null()).then(float("nan")).otherwise(code).alias(name)


def _common_labels(signals: pl.DataFrame, name: str, min_leads: int) -> list[str]:
    return (
        signals.drop_nulls(name)
        .filter(pl.col(name) != OTHER)
        .group_by(name)
        .agg(pl.col("lead_id").n_unique().alias("leads"))
        .filter(pl.col("leads") >= min_leads)
        .sort(["leads", name], descending=[True, False])[name]
        .to_list()
    )
