"""Validation over time: fit on what was known at an origin, score who began after."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from features.catalogue import Catalogue
from features.featurise import featurise
from features.log import Log
from training.dataset.moments import MomentPlan, labelled_moments
from training.dataset.split import before_and_after, newest_leads_from

ORIGIN_SHARES = (0.6, 0.45, 0.3, 0.15)  # of the leads, those that begin after it


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
    log: Log,
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
    signals = featurise(log.events, moments.select("lead_id", "moment"), catalogue)
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
