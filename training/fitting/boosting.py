"""Boosters grown on some of the rows, and the engines that do a training's work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import lightgbm as lgb
import numpy as np
import polars as pl

from features.arrays import BoolArray, FloatArray, IntArray
from features.catalogue import Catalogue
from features.log import AnyLog
from training.dataset.signals import signals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Rows to learn from, and how it is done.

    `matrix` (n_moments, n_signals) float64, as `encode` returns it; `won` (n_moments,);
    `weight` (n_moments,), > 0: those of the rows taken are brought to a mean of 1.
    """

    matrix: FloatArray
    won: BoolArray
    weight: FloatArray
    names: tuple[str, ...]
    categories: tuple[str, ...]
    params: Mapping[str, object]
    n_trees: int


Boost = Callable[[IntArray], lgb.Booster]  # on these rows (n_fitted,), by their numbers
Boosting = Callable[[Examples], Boost]


def on_this_machine(examples: Examples) -> Boost:
    """Boosters of this process, with all its cores."""

    def boost(rows: IntArray) -> lgb.Booster:
        """On rows of shape (n_fitted,), by number."""
        weight = examples.weight[rows]
        dataset = lgb.Dataset(
            examples.matrix[rows],
            examples.won[rows].astype(np.float64),
            weight=weight / weight.mean(),
            feature_name=list(examples.names),
            categorical_feature=list(examples.categories),
            free_raw_data=True,
        )
        return lgb.train(dict(examples.params), dataset, examples.n_trees)

    return boost


class Engine(Protocol):
    """Featurises a log that it holds, and grows boosters."""

    def signals(self, moments: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
        """As `featurise` of the log's events."""

    def boosting(self, examples: Examples) -> Boost:
        """As `on_this_machine`."""


@dataclass(frozen=True, slots=True)
class OneMachine:
    """This process."""

    log: AnyLog

    def signals(self, moments: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
        return signals_of(self.log, moments, catalogue)

    def boosting(self, examples: Examples) -> Boost:
        return on_this_machine(examples)
