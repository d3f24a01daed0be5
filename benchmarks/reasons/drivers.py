"""True drivers of each lead's chances, as the demo log's exact filter knows them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from data.generate import TRUTH_FILE
from explanations.scorer import probability
from features.arrays import FloatArray
from features.errors import LogError

SHARE = "share_"  # + an idea: log-odds that its clues add (data/demo/truth.py)
CLEAR_EFFECT = 5.0  # points (issue 4)
N_MAIN = 2
# A quote is sent with the move to `proposition`: to the filter they are one clue.
PART_OF = {"devis": "etape"}


@dataclass(frozen=True, slots=True)
class TrueDrivers:
    """Moments with a clear driver: `main` holds the two heaviest ideas of each.

    `moments` is of MOMENT_SCHEMA; `ideas` are all that drive the log.
    """

    moments: pl.DataFrame
    main: tuple[frozenset[str], ...]
    ideas: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Shares of moments whose first reason is one of the two main drivers.

    `chance` draws each first reason from those told at any
    moment, `chance_uniform` from the ideas that drive the log; `best_constant` is
    the share of the idea that is a main driver most often.
    """

    moments: int
    told: float
    plain: float
    chance: float
    chance_uniform: float
    best_constant: float
    best_constant_idea: str
    without_reason: float
    missed: dict[str, int]  # first reasons that are no main driver, by idea


def true_drivers(
    log: Path, *, test_from: datetime, most: int, seed: int
) -> TrueDrivers | None:
    """The truth of the leads that came at or after `test_from`; None if none is known.

    The truth speaks of its own moments, so these are asked about. A share is
    weighed against the usual lead's of the same age, as a reason is. An effect is
    what the chance of winning would lose, in points, without the heaviest one. Raises
    LogError if the file can't be read, or tells nothing of such leads.
    """
    path = log / TRUTH_FILE
    if not path.exists():
        return None
    try:
        truth = pl.read_parquet(path, glob=False)
        columns = [name for name in truth.columns if name.startswith(SHARE)]
        first = pl.col("moment").min().over("lead_id")
        against_usual = pl.col(columns) - pl.col(columns).mean().over("age")
        later = (
            truth.filter(first >= test_from)
            .with_columns(age=pl.col("moment") - first)
            .with_columns(against_usual)
            .sample(fraction=1.0, shuffle=True, seed=seed)
        )
        shares, chance = later.select(columns).to_numpy(), later["p_win"].to_numpy()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise LogError(f"{path}: {error}") from error
    order = np.argsort(-np.abs(shares), axis=1, kind="stable")
    heaviest = np.take_along_axis(shares, order[:, :1], axis=1)[:, 0]
    clear = np.flatnonzero(np.abs(_effect(chance, heaviest)) > CLEAR_EFFECT)[:most]
    if not len(clear):
        raise LogError(
            f"{path}: no driver of a lead from {test_from:%Y-%m-%d} is clear"
        )
    names = tuple(name.removeprefix(SHARE) for name in columns)
    return TrueDrivers(
        later[clear].select("lead_id", "moment"),
        tuple(frozenset(names[i] for i in row[:N_MAIN]) for row in order[clear]),
        names,
    )


def agreement(
    truth: TrueDrivers, told: Sequence[str | None], plain: Sequence[str | None]
) -> Agreement:
    """How often the first reason of each moment, None where none is told, is true."""
    n = len(truth.main)
    mains = Counter(idea for main in truth.main for idea in main)
    constant, times = mains.most_common(1)[0]
    told_true, plain_true = (
        [_driver(idea) in main for idea, main in zip(first, truth.main, strict=True)]
        for first in (told, plain)
    )
    pairs = zip(told, told_true, strict=True)
    missed = Counter(idea for idea, is_true in pairs if idea and not is_true)
    return Agreement(
        moments=n,
        told=sum(told_true) / n,
        plain=sum(plain_true) / n,
        chance=sum(mains[_driver(idea)] for idea in told if idea) / n**2,
        chance_uniform=N_MAIN / len(truth.ideas),
        best_constant=times / n,
        best_constant_idea=constant,
        without_reason=told.count(None) / n,
        missed=dict(missed.most_common()),
    )


def _driver(idea: str | None) -> str:
    return PART_OF.get(idea, idea) if idea else ""


def _effect(chance: FloatArray, share: FloatArray) -> FloatArray:
    """Points of the chance of winning that a share in log-odds accounts for."""
    log_odds = np.log(chance) - np.log1p(-chance)
    points: FloatArray = 100 * (chance - probability(log_odds - share))
    return points
