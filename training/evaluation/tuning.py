"""Tuning of settings over time, inside the training part of a log.

A trial is fitted at each rolling origin, the oldest first, and measured by its mean log
loss on who began after it: a proper score, which asks for order and calibration both.
One that does worse than half of the others at an origin is given up there. The newest
leads, which `frein train` measures on, are never looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.encoding import encode
from features.log import AnyLog
from training.dataset.moments import MomentPlan, labelled_moments
from training.dataset.split import (
    Part,
    labelled_part,
    newest_leads_from,
    rolling_origins,
    time_blocks,
)
from training.errors import TrainingError
from training.fitting.fit import DEEPEST, FitSettings, fit
from training.fitting.train import HOLD_OUT_SHARE
from training.metrics.metrics import Ranking

# Of time, to calibrate on: a trial then costs two boosters an origin, and not five.
N_BLOCKS = 2
SEARCHED: dict[str, BaseDistribution] = {
    "max_depth": IntDistribution(2, DEEPEST),
    "num_leaves": IntDistribution(4, 32, log=True),
    "learning_rate": FloatDistribution(0.01, 0.1, log=True),
    "n_trees": IntDistribution(100, 600, step=50),
    "min_data_in_leaf": IntDistribution(20, 200, log=True),
    "feature_fraction": FloatDistribution(0.2, 1.0),
    "bagging_fraction": FloatDistribution(0.5, 1.0),
    "lambda_l2": FloatDistribution(0.1, 100.0, log=True),
}
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is tuned: who scores at each origin, (before, after), and the bounds."""

    catalogue: Catalogue
    origins: tuple[tuple[Part, Part], ...]
    known_at: datetime
    seed: int
    deepest: int = DEEPEST


def problem_of(
    log: AnyLog,
    catalogue: Catalogue,
    plan: MomentPlan,
    *,
    horizon_days: float,
    seed: int,
) -> Problem:
    """The rolling origins of a log's training part that say something; the horizon is
    over 0.

    Raises TrainingError if there is none: the log is too short for the horizon.
    """
    everything = labelled_moments(log, plan, horizon_days=horizon_days).frame
    known_at = newest_leads_from(everything, share=HOLD_OUT_SHARE)
    part = labelled_part(
        log, catalogue, plan, horizon_days=horizon_days, known_at=known_at
    )
    origins = tuple(
        (before, after)
        for before, after in rolling_origins(part)
        if _teaches(before.moments) and _both(after.moments["won"])
    )
    if not origins:
        raise TrainingError(
            f"no origin in the training part has a whole horizon of {horizon_days:g} "
            "days before it with leads won and leads not: give a longer log or a "
            "shorter horizon"
        )
    return Problem(catalogue=catalogue, origins=origins, known_at=known_at, seed=seed)


def tune(
    study: Study,
    problem: Problem,
    *,
    n_trials: int,
    goes_on: Callable[[], bool],
    record: Callable[[FrozenTrial], None],
) -> None:
    """Try settings until the study has `n_trials` finished ones (>= 1, those of earlier
    calls included), or it goes on no more.

    The first are the usual settings. A trial that was interrupted counts for nothing
    and is made again: each draws from a seed of its own, so a study that was resumed
    is the same as one that never stopped. `record` is given each trial that finishes.
    """
    while (number := len(finished(study))) < n_trials and goes_on():
        study.sampler = TPESampler(seed=problem.seed + number, constant_liar=False)
        if number == 0:
            study.enqueue_trial(
                {name: getattr(FitSettings(), name) for name in SEARCHED}
            )
        record(_tried(study, problem))


def pruner() -> MedianPruner:
    """Gives a trial up that is worse than the median, once five have been whole."""
    return MedianPruner(n_startup_trials=5)


def finished(study: Study) -> list[FrozenTrial]:
    """The trials that came to an end, be it that they were given up."""
    return study.get_trials(deepcopy=False, states=FINISHED)


def best(study: Study) -> tuple[FitSettings, float]:
    """The best settings, and their mean log loss in nats.

    Raises TrainingError if no trial is whole.
    """
    whole = [trial for trial in finished(study) if trial.state is TrialState.COMPLETE]
    if not whole:
        raise TrainingError(
            "no trial was whole: give more time, or look whether the signals tell "
            "leads apart (`frein train`)"
        )
    lowest = min(whole, key=lambda trial: (trial.value or 0.0, trial.number))
    return replace(FitSettings(), **lowest.params), lowest.value or 0.0


def _tried(study: Study, problem: Problem) -> FrozenTrial:
    trial = study.ask(SEARCHED | {"max_depth": IntDistribution(2, problem.deepest)})
    try:
        loss = _loss(trial, problem)
    except BaseException:  # a Ctrl-C above all: the trial is no longer running
        study.tell(trial, state=TrialState.FAIL)
        raise
    if loss is None:
        return study.tell(trial, state=TrialState.PRUNED)
    return study.tell(trial, loss)


def _loss(trial: Trial, problem: Problem) -> float | None:
    """The mean log loss over the origins; None if the trial was given up."""
    settings = replace(FitSettings(), **trial.params, n_blocks=N_BLOCKS)
    losses: list[float] = []
    for step, (before, after) in enumerate(problem.origins):
        said = _said(before, after, settings, problem)
        won = after.moments["won"].to_numpy()
        losses.append(Ranking.of(won, said).log_loss().item())
        trial.report(float(np.mean(losses)), step)
        if step + 1 < len(problem.origins) and trial.should_prune():
            return None
    return float(np.mean(losses))


def _said(
    before: Part, after: Part, settings: FitSettings, problem: Problem
) -> FloatArray:
    """Probabilities, (n_moments after,); the past's rate, where a fit is refused."""
    catalogue = problem.catalogue
    try:
        fitted = fit(
            before.signals, before.moments, catalogue, settings, seed=problem.seed
        )
    except TrainingError:  # scores that rank backwards: such a model says nothing
        rate = before.moments["won"].cast(pl.Float64).mean()
        return np.full(after.moments.height, rate)
    matrix = encode(after.signals, catalogue, fitted.codes)
    return np.asarray(fitted.booster.predict(matrix))


def _teaches(moments: pl.DataFrame) -> bool:
    """Can it be fitted, and calibrated on blocks of its time?"""
    if moments["lead_id"].n_unique() < N_BLOCKS:
        return False
    blocks = time_blocks(moments, n_blocks=N_BLOCKS)
    return all(_both(moments["won"][fitted]) for fitted, _ in blocks)


def _both(won: pl.Series) -> bool:
    return won.n_unique() == 2
