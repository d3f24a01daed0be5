"""The newest hold-out: leads that began once every model to be judged was trained."""

from datetime import datetime

import polars as pl

from features.log import Log
from training.dataset.moments import MomentPlan, labelled_moments
from training.errors import TrainingError


def newest_hold_out(
    log: Log, plan: MomentPlan, *, horizon_days: float, begins: datetime
) -> pl.DataFrame:
    """Labelled moments of the leads that began at or after `begins`; maybe none.

    Parameters
    ----------
    horizon_days : float, > 0
    begins : datetime
        The latest `trained_until` of the models: a training's last moment lies a
        whole horizon before its own.

    Returns
    -------
    DataFrame of shape (n_moments, 5)
        As `LabelledMoments.frame`.

    Raises
    ------
    TrainingError
        If the log holds no labelled moment at all.
    """
    labelled = labelled_moments(log, plan, horizon_days=horizon_days).frame
    return labelled.filter(pl.col("first_at") >= begins)


def refuse_one_sided(moments: pl.DataFrame, begins: datetime) -> None:
    """Nothing can be measured where no lead was won, or every one was.

    Raises
    ------
    TrainingError
        Says how many leads there are, and what to do.
    """
    if moments["won"].n_unique() == 2:
        return
    began = f"began since {begins:%Y-%m-%d}, after the training"
    if moments.is_empty():
        told = f"no lead that {began}, has its horizon over"
    else:
        which = "every one" if moments["won"].all() else "none"
        told = (
            f"{which} of the {moments['lead_id'].n_unique():,} leads that {began}, "
            "and whose horizon is over, was won within it"
        )
    raise TrainingError(f"the hold-out: {told}; give a log that goes on longer")
