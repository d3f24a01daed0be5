"""Comparison: is one model better than another, or is it noise?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from features.log import AnyLog
from training.dataset.groups import Group, whole_and_parts
from training.dataset.split import refuse_one_sided
from training.errors import TrainingError
from training.evaluation.evaluation import BY_GROUP
from training.metrics.bootstrap import Drawn
from training.metrics.metrics import METRICS, Metric
from training.metrics.paired_scores import PairedScores, changes, holm_shares
from training.registry.candidates import Candidate, paired

N_RESAMPLES = 500
SEED = 0
LESS_IS_BETTER = {"log_loss", "ece"}


class Reading(StrEnum):
    """What a change is worth."""

    BETTER = "better"
    WORSE = "worse"
    INDISTINCT = "indistinct"  # from noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One metric of one group: the second model's less the first's."""

    group: Group
    metric: str
    change: Drawn
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two models on the same leads, those that began once both were trained."""

    begins: datetime
    n_leads: int
    compared: tuple[Compared, ...]


def compared(log: AnyLog, first: Candidate, second: Candidate) -> Comparison:
    """The second model against the first, whole, by segment and by age.

    Intervals are of one figure each. A reading is held to Holm's level among all of the
    whole, or of the groups: among forty figures of equal models, two intervals would
    leave zero out by chance. Raises TrainingError if the hold-out has no lead, none won
    or no other, or the horizons differ.
    """
    if first.horizon_days != second.horizon_days:
        raise TrainingError(
            f"version {first.version} foretells {first.horizon_days:g} days, version "
            f"{second.version} {second.horizon_days:g}: they can't be compared"
        )
    begins, moments = second.hold_out(log, first)
    refuse_one_sided(moments, begins)
    signals = second.signals(log, moments)
    said = paired(first, second, log, moments, signals)
    whole, *parts = whole_and_parts(signals, moments, second.scorer.catalogue)
    return Comparison(
        begins=begins,
        n_leads=moments["lead_id"].n_unique(),
        compared=(
            *readings(_changes(said, [whole], METRICS)),
            *readings(_changes(said, parts, BY_GROUP)),
        ),
    )


def readings(several: Sequence[tuple[Group, str, Drawn]]) -> Iterator[Compared]:
    """What each change of a family is worth, at Holm's levels."""
    p_values = [_p_value(change) for _, _, change in several]
    shares = holm_shares(p_values)
    for (group, metric, change), p, share in zip(
        several, p_values, shares, strict=True
    ):
        gain = -change.value if metric in LESS_IS_BETTER else change.value
        surely = Reading.BETTER if gain > 0 else Reading.WORSE
        reading = surely if p <= share else Reading.INDISTINCT
        yield Compared(group=group, metric=metric, change=change, reading=reading)


def _p_value(change: Drawn) -> float:
    """Two-sided, of no change at all."""
    below = change.chance_of_at_least(0.0)
    return 2 * min(below, 1 - below) if change.standard_error > 0 else 1.0


def _changes(
    said: PairedScores, groups: Sequence[Group], metrics: Mapping[str, Metric]
) -> list[tuple[Group, str, Drawn]]:
    return [
        (group, metric, change)
        for group in groups
        if len(set(said.won[group.rows].tolist())) == 2
        for metric, change in changes(
            said.of(group.rows), metrics, n_resamples=N_RESAMPLES, seed=SEED
        ).items()
    ]
