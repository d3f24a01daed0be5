"""Encoding learnt from signals, and the numbers that a model may learn from."""

from dataclasses import dataclass

import polars as pl

from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.encoding import Codes, encode, encoded, learn_labels
from training.dataset.split import time_blocks
from training.dataset.texts import Texts

N_BLOCKS = 5


@dataclass(frozen=True, slots=True)
class LearntEncoding:
    """`codes` of every row; `matrix` (n_moments, n_signals) float64 as `encode` gives
    it, but each text read by a model that knows nothing of its lead's outcome."""

    codes: Codes
    matrix: FloatArray


def learn_encoding(
    signals: pl.DataFrame,
    moments: pl.DataFrame,
    catalogue: Catalogue,
    *,
    min_leads: int,
    n_blocks: int = N_BLOCKS,
) -> LearntEncoding:
    """The codes of categories, and a model for each text.

    A booster that learnt from texts as the model fitted on them reads them would
    trust them too much: it learns from what models of other times say of them.

    `signals` (n_moments, 2 + n_signals) as `featurise` returns it; `moments`
    (n_moments, 5) are `LabelledMoments.frame`, row for row. Labels of fewer leads than
    `min_leads` share a code.
    """
    labels = learn_labels(signals, catalogue, min_leads=min_leads)
    texts = {name: Texts.read(signals[name], moments) for name in catalogue.texts}
    models = {name: read.model() for name, read in texts.items()}
    codes: Codes = {**labels, **models}
    matrix = encode(signals, catalogue, codes)
    for name, read in texts.items():
        column = catalogue.names.index(name)
        for fitted, held_out in time_blocks(moments, n_blocks=n_blocks):
            log_odds = encoded(signals[name][held_out], read.model(fitted))
            matrix[held_out, column] = log_odds.to_numpy()
    return LearntEncoding(codes, matrix)
