"""Splits that go by time: the newest hold-out, blocks, and rolling origins.

A lead is never on both sides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from features.arrays import IntArray
from features.catalogue import Catalogue
from features.log import AnyLog
from training.dataset.moments import MomentPlan, labelled_moments
from training.dataset.signals import signals_of
from training.errors import TrainingError

ORIGIN_SHARES = (0.6, 0.45, 0.3, 0.15)  # of the leads, those that begin after it


def before_and_after(
    moments: pl.DataFrame,
    *,
    train_before: datetime,
    test_from: datetime,
    horizon_days: float,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Training moments, and test moments later by at least one horizon.

    A training moment has its whole horizon before `train_before`: the embargo. Test
    leads begin at or after `test_from`, no earlier than that; a lead that began before
    never tests. `moments` are `LabelledMoments.frame`.
    """
    if test_from < train_before:
        raise ValueError(f"test_from {test_from} is before train_before {train_before}")
    horizon = timedelta(days=horizon_days)
    return (
        moments.filter(pl.col("moment") + horizon <= train_before),
        moments.filter(pl.col("first_at") >= test_from),
    )


def newest_leads_from(moments: pl.DataFrame, *, share: float) -> datetime:
    """The instant from which the newest `share` (in (0, 1)) of the leads began."""
    begun = moments.unique("lead_id")["first_at"].sort().to_list()
    first: datetime = begun[min(int(len(begun) * (1 - share)), len(begun) - 1)]
    return first


def time_blocks(
    moments: pl.DataFrame, *, n_blocks: int
) -> Iterator[tuple[IntArray, IntArray]]:
    """Row numbers (fitted, held out), each block of leads that began together in turn.

    Blocks are contiguous in the leads' beginning, so what is held out always
    comes from another time than what was fitted, and a lead is in one block.

    Yields
    ------
    fitted, held_out : ndarray of shape (n_fitted,), (n_held_out,), int64
        Row numbers; each row is held out once.
    """
    order = moments.select("lead_id", "first_at").unique().sort("first_at", "lead_id")
    block = order.with_row_index("i").select(
        "lead_id", block=pl.col("i") * n_blocks // order.height
    )
    of_row = moments.join(block, on="lead_id", how="left", maintain_order="left")
    number = of_row["block"].to_numpy()
    for i in range(n_blocks):
        yield np.flatnonzero(number != i), np.flatnonzero(number == i)


def newest_hold_out(
    log: AnyLog, plan: MomentPlan, *, horizon_days: float, begins: datetime
) -> pl.DataFrame:
    """Labelled moments of the leads that began at or after `begins`, (n_moments, 5) as
    `LabelledMoments.frame`; maybe none.

    `begins` is the latest `trained_until` of the models: a training's last moment lies
    a whole horizon before its own.

    Raises TrainingError if the log holds no labelled moment at all.
    """
    labelled = labelled_moments(log, plan, horizon_days=horizon_days).frame
    return labelled.filter(pl.col("first_at") >= begins)


def refuse_one_sided(moments: pl.DataFrame, begins: datetime) -> None:
    """Nothing can be measured where no lead was won, or every one was.

    Raises TrainingError, which says how many leads there are, and what to do.
    """
    if moments["won"].n_unique() == 2:
        return
    began = f"began since {begins:%Y-%m-%d}, after the training"
    if moments.is_empty():
        problem = f"no lead that {began}, has its horizon over"
    else:
        which = "every one" if moments["won"].all() else "none"
        problem = (
            f"{which} of the {moments['lead_id'].n_unique():,} leads that {began}, "
            "and whose horizon is over, was won within it"
        )
    raise TrainingError(f"the hold-out: {problem}; give a log that goes on longer")


# --- Rolling origins: fit on what was known at one, score who began after ------


@dataclass(frozen=True, slots=True)
class Part:
    """Labelled moments and their signals, row for row.

    `moments` is `LabelledMoments.frame`, (n_moments, 5); `signals` is what `featurise`
    gives of them, (n_moments, 2 + n_signals); `horizon_days` is > 0.
    """

    moments: pl.DataFrame
    signals: pl.DataFrame
    horizon_days: float

    def rows(self, kept: pl.DataFrame) -> "Part":
        """The part of it that holds these moments."""
        return Part(
            kept,
            kept.select("lead_id", "moment").join(
                self.signals,
                on=["lead_id", "moment"],
                how="left",
                maintain_order="left",
            ),
            self.horizon_days,
        )


def labelled_part(
    log: AnyLog,
    catalogue: Catalogue,
    plan: MomentPlan,
    *,
    horizon_days: float,
    known_at: datetime,
) -> Part:
    """Labelled moments as they were known at an instant, and their signals.

    Raises TrainingError if no moment is left, or all of them came to the same end.
    """
    moments = labelled_moments(
        log, plan, horizon_days=horizon_days, known_at=known_at
    ).frame
    signals = signals_of(log, moments, catalogue)
    return Part(moments, signals, horizon_days)


def rolling_origins(part: Part) -> Iterator[tuple[Part, Part]]:
    """What was known at each origin, and the leads that began until the next one."""
    cuts = [newest_leads_from(part.moments, share=share) for share in ORIGIN_SHARES]
    for origin, following in zip(cuts, [*cuts[1:], None], strict=True):
        before, after = before_and_after(
            part.moments,
            train_before=origin,
            test_from=origin,
            horizon_days=part.horizon_days,
        )
        if following is not None:
            after = after.filter(pl.col("first_at") < following)
        yield part.rows(before), part.rows(after)
