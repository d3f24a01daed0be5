"""Encoding of categories and texts as the numbers that a booster reads."""

from collections.abc import Callable, Mapping
from math import nan

import numpy as np
import polars as pl

from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.text import TextModel
from features.timelines import Timelines

Labels = tuple[str, ...]
# Signal → its labels, where the code is the position, or the model of its texts.
Codes = Mapping[str, Labels | TextModel]

OTHER = "autre"  # code 0: a label too rare to learn from, or never seen


def learn_labels(
    signals: pl.DataFrame, catalogue: Catalogue, *, min_leads: int
) -> dict[str, Labels]:
    """The labels of each category that at least `min_leads` leads have, by frequency.

    Rarer labels share the code of `OTHER`. `signals` (n_moments, 2 + n_signals) as
    `featurise` returns it.
    """
    learnt = {}
    for name in catalogue.categories:
        n_leads = pl.col("lead_id").n_unique().alias("leads")
        by_label = signals.filter(pl.col(name) != OTHER).group_by(name).agg(n_leads)
        common = by_label.filter(pl.col("leads") >= min_leads)
        by_frequency = common.sort(["leads", name], descending=[True, False])
        learnt[name] = (OTHER, *by_frequency[name].to_list())
    return learnt


def encode(signals: pl.DataFrame, catalogue: Catalogue, codes: Codes) -> FloatArray:
    """Encode signals as a matrix, (n_moments, n_signals) float64.

    In the catalogue's order; categories are codes (0 for a label not learnt), texts
    log-odds, NaN is unknown.
    """
    numbers = signals.select(
        encoded(signals[name], codes[name]) if name in codes else name
        for name in catalogue.names
    )
    matrix = numbers.to_numpy(order="c", writable=True)
    return matrix.astype(np.float64, copy=False)


def encoded(values: pl.Series, learnt: Labels | TextModel) -> pl.Series:
    """Labels or texts as `encode` gives them: (n_moments,) float64, NaN where null."""
    if isinstance(learnt, TextModel):
        numbers = map(learnt.log_odds, values.to_list())
        return pl.Series(values.name, numbers, pl.Float64())
    codes = [float(position) for position in range(len(learnt))]
    code = values.replace_strict(list(learnt), codes, default=0.0)
    return code.zip_with(values.is_not_null(), pl.Series([nan]))


def recode(
    table: FloatArray, timelines: Timelines, catalogue: Catalogue, codes: Codes
) -> FloatArray:
    """Encode what the kernels aggregated, as `encode` does the same signals.

    `table` (n_rows, >= n_signals), float64: its categories and texts are positions
    among the labels of `timelines`.
    """
    matrix = table[:, : len(catalogue.names)].copy()
    for name in catalogue.labelled:
        column = catalogue.names.index(name)
        labels, number_of = timelines.labels_of(column), _numbering(codes[name])
        known = ~np.isnan(matrix[:, column])
        position = matrix[known, column].astype(np.int64)
        number = np.empty(len(labels))
        for met in {*position.tolist()}:
            number[met] = number_of(labels[met])
        matrix[known, column] = number[position]
    return matrix


def _numbering(learnt: Labels | TextModel) -> Callable[[str], float]:
    if isinstance(learnt, TextModel):
        return learnt.log_odds
    code = {label: float(position) for position, label in enumerate(learnt)}
    return lambda label: code.get(label, 0.0)
