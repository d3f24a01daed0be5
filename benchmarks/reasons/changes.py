"""Why scores changed: do time, new facts and a new model add up to the change?"""

from dataclasses import dataclass

import polars as pl

from explanations.explain import Explainer
from explanations.reason import Past

ROWS_AT_ONCE = 1_000  # leads


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeErrors:
    """The largest errors, in points, over `changes` of a lead's score.

    `additivity`: the score before and the three parts against the score after;
    `ends`: the two scores told against what each model says itself.
    """

    changes: int
    additivity: float
    ends: float


def first_and_last(moments: pl.DataFrame) -> pl.DataFrame:
    """Leads with two moments or more: their `then` and `last`.

    Parameters
    ----------
    moments : DataFrame of MOMENT_SCHEMA, any number of rows a lead
    """
    moment = pl.col("moment")
    ends = moments.group_by("lead_id", maintain_order=True)
    return ends.agg(then=moment.min(), last=moment.max()).filter(
        pl.col("then") < pl.col("last")
    )


def change_errors(
    events: pl.DataFrame, pairs: pl.DataFrame, earlier: Explainer, now: Explainer
) -> ChangeErrors:
    """Tell why scores of `now` moved since those of `earlier`, and add up.

    Parameters
    ----------
    events : DataFrame of EVENT_SCHEMA
    pairs : DataFrame of `lead_id`, `then` and `last`, one row a lead
    """
    sums, ends = [0.0], [0.0]
    for some in pairs.iter_slices(ROWS_AT_ONCE):
        before = earlier.scores(events, some.select("lead_id", moment="then"))
        pasts = {one.lead_id: Past(one.score, one.moment) for one in before}
        after = now.scores(events, some.select("lead_id", moment="last"))
        for told in now.changed(after, events, pasts, earlier):
            assert told.change is not None, f"{told.lead_id}: no change told"
            change = told.change.change
            parts = change.time + change.events + change.model
            sums.append(abs(change.before + parts - told.score))
            ends.append(abs(change.before - pasts[told.lead_id].score))
            ends.append(abs(change.after - told.score))
    return ChangeErrors(changes=pairs.height, additivity=max(sums), ends=max(ends))
