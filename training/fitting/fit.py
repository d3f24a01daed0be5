"""Fit of one calibrated booster on signals and labels."""

import math
from dataclasses import asdict, dataclass, field
from typing import Annotated

import lightgbm as lgb
import numpy as np
import polars as pl
from pydantic import Field

from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.encoding import Codes
from training.dataset.encoding import learn_encoding
from training.dataset.split import time_blocks
from training.errors import TrainingError
from training.fitting.boosting import Boosting, Examples, on_this_machine
from training.fitting.calibration import fit_affine, fold_in

# That a block's model is fitted on, at most: the calibration is but two numbers, and
# would cost as much as four boosters on a large log.
ROWS_OF_A_BLOCK = 200_000
DEEPEST = 6  # explanations must be fast and true; what it costs: docs/quality.md
_OURS = {
    "n_trees",
    "min_leads_of_label",
    "n_blocks",
    "params",
}  # not LightGBM's
Share = Annotated[
    float, Field(gt=0, le=1, strict=True)
]  # no truth value: 1 isn't `true`


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """Shallow on purpose: as good as deep trees, and explained much faster.

    Chosen on the real log, inside its training part: `docs/quality.md`. The bounds hold
    what a settings file may ask (`settings_file.py`).
    """

    num_leaves: Annotated[int, Field(ge=2, le=2**DEEPEST, strict=True)] = 8
    max_depth: Annotated[int, Field(ge=1, le=DEEPEST, strict=True)] = 3
    learning_rate: Share = 0.03
    n_trees: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 300
    min_data_in_leaf: Annotated[int, Field(ge=1, strict=True)] = 60
    feature_fraction: Share = 0.4
    bagging_fraction: Share = 0.7
    lambda_l2: Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)] = 10.0
    min_leads_of_label: Annotated[int, Field(ge=1, strict=True)] = 20
    n_blocks: Annotated[int, Field(ge=2, le=50, strict=True)] = 5
    params: dict[str, bool | float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A calibrated booster, and what it said of rows it had not been fitted on.

    `matrix` (n_moments, n_signals) is what it learnt from.
    """

    booster: lgb.Booster
    codes: Codes
    matrix: FloatArray
    slope: float
    intercept: float
    out_of_block: FloatArray  # (n_moments,) calibrated log-odds


def fit(
    signals: pl.DataFrame,
    moments: pl.DataFrame,
    catalogue: Catalogue,
    settings: FitSettings,
    *,
    seed: int,
    boosting: Boosting = on_this_machine,
) -> Fitted:
    """Fit on every row; calibrate on what models fitted on other times say.

    Raises TrainingError if a block of time has no lead won or none lost, or scores rank
    backwards.

    `signals` (n_moments, 2 + n_signals) as `featurise` returns it; `moments`
    (n_moments, 5) are `LabelledMoments.frame`, row for row. `boosting` is where
    boosters are grown: in this process, or by a cluster.
    """
    learnt = learn_encoding(
        signals,
        moments,
        catalogue,
        min_leads=settings.min_leads_of_label,
        n_blocks=settings.n_blocks,
    )
    matrix = learnt.matrix
    won, weight = moments["won"].to_numpy(), moments["weight"].to_numpy()
    boost = boosting(
        Examples(
            matrix=matrix,
            won=won,
            weight=weight,
            names=catalogue.names,
            categories=catalogue.categories,
            params=_params(catalogue, settings, seed),
            n_trees=settings.n_trees,
        )
    )
    whole = boost(np.arange(len(won)))
    if not whole.feature_importance("split").any():
        raise TrainingError(
            "no tree splits: the model would say the same of every lead; lower "
            "min_data_in_leaf, or give a longer log"
        )
    raw = np.empty(len(won))
    for fitted, held_out in time_blocks(moments, n_blocks=settings.n_blocks):
        if won[fitted].all() or not won[fitted].any():
            raise TrainingError(
                "a block of training time has only won or only lost leads: "
                "give a longer log, or check won_kinds and lost_kinds in log.toml"
            )
        booster = boost(fitted[:: math.ceil(len(fitted) / ROWS_OF_A_BLOCK)])
        raw[held_out] = np.asarray(booster.predict(matrix[held_out], raw_score=True))
    try:
        slope, intercept = fit_affine(raw, won)
    except ValueError as error:
        raise TrainingError(
            f"{error}; the signals don't tell these leads apart"
        ) from error
    return Fitted(
        booster=fold_in(whole, slope, intercept),
        codes=learnt.codes,
        matrix=matrix,
        slope=slope,
        intercept=intercept,
        out_of_block=slope * raw + intercept,
    )


def _params(
    catalogue: Catalogue, settings: FitSettings, seed: int
) -> dict[str, object]:
    return {
        "objective": "binary",
        **{name: v for name, v in asdict(settings).items() if name not in _OURS},
        "bagging_freq": 1,
        "cat_l2": 20.0,
        "cat_smooth": 20.0,
        "monotone_constraints": [int(s.direction) for s in catalogue.signals],
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **settings.params,
    }
