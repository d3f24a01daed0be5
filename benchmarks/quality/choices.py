"""Comparison of candidates inside the training part: no test lead is looked at.

Two validations, both by time. *Blocks*: each fifth of the leads, by their
beginning, scored by a model fitted on the others, over the whole horizon.
*Rolling origin*: leads scored by a model fitted on what was known when they
began, with an embargo; over a third of the horizon, since a training part little
longer than the horizon holds no rolling origin over all of it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from benchmarks.quality.contestants import predicted
from explanations.scorer import probability
from features.arrays import BoolArray, FloatArray
from features.catalogue import Catalogue
from features.log import Log
from training.dataset.moments import MomentPlan
from training.dataset.split import Part, labelled_part, rolling_origins
from training.fitting.fit import FitSettings, fit
from training.metrics.metrics import Ranking

SEEDS = (11, 12, 13)  # none of those that give the figure
SHORTER = 3.0  # the rolling origin's horizon is the horizon divided by this


class Choice(NamedTuple):
    """A candidate, and its AUC, average precision and log loss, (3,): means over seeds
    (and origins)."""

    name: str
    blocks: FloatArray
    forward: FloatArray


def _settings(
    depth: int = 3, leaves: int = 8, trees: int = FitSettings().n_trees, **others: Any
) -> FitSettings:
    usual = FitSettings(max_depth=depth, num_leaves=leaves, n_trees=trees)
    return replace(usual, **others)


SETTINGS = {
    "as chosen": FitSettings(),
    "depth 3, 8 leaves, 150 trees at 0.04": _settings(3, 8, 150, learning_rate=0.04),
    "depth 4, 12 leaves, 200 trees": _settings(4, 12, 200),
    "depth 5, 16 leaves, 200 trees at 0.04": _settings(5, 16, 200, learning_rate=0.04),
    "no bound, 31 leaves, 100 trees at 0.1": _settings(-1, 31, 100, learning_rate=0.1),
    "a quarter of the signals a tree": _settings(feature_fraction=0.25),
    "all signals a tree": _settings(feature_fraction=1.0),
    "half of the rows a tree": _settings(bagging_fraction=0.5),
    "30 rows a leaf": _settings(min_data_in_leaf=30),
    "100 rows a leaf": _settings(min_data_in_leaf=100),
    "extremely randomised": _settings(params={"extra_trees": True}),
}


def choices(
    log: Log,
    catalogue: Catalogue,
    plan: MomentPlan,
    *,
    horizon_days: float,
    known_at: datetime,
) -> Iterator[Choice]:
    """Settings, then each signal in turn: left out, or put back where it isn't enabled.

    Nothing received after `known_at` is used.
    """
    everything = _with_signals(catalogue, {signal.name for signal in catalogue.signal})
    whole, shorter = (
        labelled_part(log, everything, plan, horizon_days=days, known_at=known_at)
        for days in (horizon_days, horizon_days / SHORTER)
    )
    for name, its_catalogue, settings in _candidates(catalogue):
        yield Choice(
            name,
            _by_blocks(whole, its_catalogue, settings),
            _by_origins(shorter, its_catalogue, settings),
        )


def n_choices(catalogue: Catalogue) -> int:
    """How many candidates `choices` compares."""
    return len(SETTINGS) + len(catalogue.signal)


def _candidates(
    catalogue: Catalogue,
) -> Iterator[tuple[str, Catalogue, FitSettings]]:
    for name, settings in SETTINGS.items():
        yield name, catalogue, settings
    names = set(catalogue.names)
    for signal in catalogue.signal:
        change = "without" if signal.enabled else "with"
        changed = _with_signals(catalogue, names ^ {signal.name})
        yield f"{change} {signal.name}", changed, FitSettings()


def _by_blocks(part: Part, catalogue: Catalogue, settings: FitSettings) -> FloatArray:
    won = part.moments["won"].to_numpy()
    fits = (
        fit(part.signals, part.moments, catalogue, settings, seed=seed)
        for seed in SEEDS
    )
    return _mean([_figures(won, probability(fitted.out_of_block)) for fitted in fits])


def _by_origins(part: Part, catalogue: Catalogue, settings: FitSettings) -> FloatArray:
    figures = []
    for before, after in rolling_origins(part):
        for seed in SEEDS:
            answer = predicted(before, after, catalogue, settings, seed)
            figures.append(_figures(after.moments["won"].to_numpy(), answer))
    return _mean(figures)


def _figures(won: BoolArray, answer: FloatArray) -> FloatArray:
    """AUC, average precision, log loss: (3,)."""
    ranking = Ranking.of(won, answer)
    three = ranking.auc(), ranking.average_precision(), ranking.log_loss()
    return np.concatenate(three)


def _mean(figures: list[FloatArray]) -> FloatArray:
    mean: FloatArray = np.mean(figures, axis=0)
    return mean


def _with_signals(catalogue: Catalogue, names: set[str]) -> Catalogue:
    """The catalogue with exactly these signals enabled, and the ideas they speak of."""
    spoken_of = {signal.idea for signal in catalogue.signal if signal.name in names}
    signals = tuple(
        signal.model_copy(update={"enabled": signal.name in names})
        for signal in catalogue.signal
        if signal.idea in spoken_of
    )
    return Catalogue.model_validate(
        {
            "name": catalogue.name,
            "segment": catalogue.segment,
            "kinds": catalogue.other_kinds,
            "idea": [idea for idea in catalogue.idea if idea.name in spoken_of],
            "signal": signals,
            "text": f"{sorted(names)} of {catalogue.digest}",
        }
    )
