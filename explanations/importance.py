"""Importance of ideas over many scores, and the way that they pull."""

import numpy as np
import polars as pl

from explanations.scorer import Contributions
from features.arrays import BoolArray, FloatArray

IMPORTANCE_SCHEMA = pl.Schema(
    {
        "idea": pl.String(),
        "importance": pl.Float64(),
        "points_up": pl.Float64(),
        "points_down": pl.Float64(),
        "share_up": pl.Float64(),
    }
)


def importance(contributions: Contributions, ideas: tuple[str, ...]) -> pl.DataFrame:
    """What each idea does to the scores of a period, or of any other set of rows.

    An idea speaks of several signals, so it has no one direction: how far it raises
    scores and how far it lowers them are told apart. Raises ValueError if there is no
    row.

    Returns
    -------
    DataFrame of shape (n_ideas, 5), IMPORTANCE_SCHEMA, the heaviest first
        `importance`: mean of |contribution|, in log-odds. `points_up`, `points_down`:
        mean points (0 to 100) where it raises a score, and where it lowers one, 0
        where it never does. `share_up`: share of the rows that it raises.

    Examples
    --------
    >>> shares = Contributions(np.zeros(2), np.array([[1.0, -0.5], [-1.0, -0.5]]))
    >>> importance(shares, ("visites", "silence"))["importance"].to_list()
    [1.0, 0.5]
    """
    if not len(contributions.base):
        raise ValueError("no score to tell the importance of")
    _, points, _ = contributions.points()
    up = points > 0
    return pl.DataFrame(
        {
            "idea": list(ideas),
            "importance": np.abs(contributions.by_idea).mean(axis=0),
            "points_up": _mean_where(points, up),
            "points_down": _mean_where(points, points < 0),
            "share_up": up.mean(axis=0),
        },
        schema=IMPORTANCE_SCHEMA,
    ).sort("importance", descending=True, maintain_order=True)


def _mean_where(points: FloatArray, where: BoolArray) -> FloatArray:
    total = np.where(where, points, 0.0).sum(axis=0)
    mean: FloatArray = total / np.maximum(where.sum(axis=0), 1)
    return mean
