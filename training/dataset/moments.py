"""Moments to learn from: when an open lead is scored, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import polars as pl

from features.event import EVENT_SCHEMA
from features.log import AnyLog, Log, removed_leads
from training.errors import TrainingError

QUIET = timedelta(days=30)  # a log that goes on isn't silent for so long
LAST_OF = 1_000  # so few of a log's events don't say where it ends
HORIZON_DAYS = 60.0  # a French B2B cycle: most wins come within it


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentPlan:
    """When leads are scored: at these ages, and a little after key events.

    `ages_days` count from a lead's first event; `key_kinds` add a moment right
    after each such event, so that the model also learns from fresh facts.
    """

    ages_days: tuple[float, ...]
    key_kinds: tuple[str, ...] = ()

    def described(self) -> dict[str, str]:
        """The plan as parameters of a run."""
        return {
            "ages_days": ",".join(f"{age:g}" for age in self.ages_days),
            "key_kinds": ",".join(self.key_kinds),
        }


@dataclass(frozen=True, slots=True)
class LabelledMoments:
    """`frame`: lead_id, moment, first_at, won (bool), weight; sorted by lead, moment.

    A lead's weights add up to 1, so that a long life doesn't count more.
    `n_censored` moments had a horizon that the log doesn't hold, and were left out.
    """

    frame: pl.DataFrame
    n_censored: int


def weekly_plan(*, days: int = 182, key_kinds: tuple[str, ...] = ()) -> MomentPlan:
    """A moment a week over a lead's first `days`, the first after one day."""
    return MomentPlan(
        ages_days=(1.0, *(float(age) for age in range(7, days + 1, 7))),
        key_kinds=key_kinds,
    )


def lead_lives(log: AnyLog, *, known_at: datetime) -> pl.DataFrame:
    """When each lead began and ended, as known at an instant, (n_leads, 5).

    `lead_id`, `first_at`, `ended_at` (first outcome event, null while open), `won`
    (null while open) and `removed_at` (since when it is deleted, archived or part of
    another, null if it ended or is there). What was received after `known_at` is
    unknown.
    """
    lives = pl.concat(_lives(part, known_at) for part in log.parts())
    return lives.sort("first_at", "lead_id")


def _lives(log: Log, known_at: datetime) -> pl.DataFrame:
    outcomes = [*log.about.won_kinds, *log.about.lost_kinds]
    is_outcome = pl.col("kind").is_in(outcomes)
    known = log.events.lazy().filter(pl.col("received_at") <= known_at)
    by_time = known.filter(is_outcome).sort("occurred_at", "source", "event_id")
    ends = by_time.group_by("lead_id", maintain_order=True)
    ended = ends.agg(
        pl.col("occurred_at").first().alias("ended_at"),
        pl.col("kind").first().is_in(log.about.won_kinds).alias("won"),
    )
    begun = known.group_by("lead_id").agg(pl.col("occurred_at").min().alias("first_at"))
    lives = begun.join(ended, on="lead_id", how="left")
    return _with_removals(lives.collect(engine="streaming"), log, known_at)


def _with_removals(lives: pl.DataFrame, log: Log, known_at: datetime) -> pl.DataFrame:
    known = log.events.filter(pl.col("received_at") <= known_at)
    is_there = pl.col("ended_at").is_not_null()
    return lives.join(
        removed_leads(known), on="lead_id", how="left", maintain_order="left"
    ).with_columns(
        removed_at=pl.when(is_there).then(None).otherwise(pl.col("removed_at"))
    )


def labelled_moments(
    log: AnyLog,
    plan: MomentPlan,
    *,
    horizon_days: float,
    known_at: datetime | None = None,
) -> LabelledMoments:
    """Every moment of every lead's open life, with what came within the horizon (> 0).

    `known_at` is when the training happens; else the end of the log. Outcomes received
    later are unknown, and so are horizons that end later.

    Raises TrainingError if no moment is left, or all of them came to the same end.
    """
    until = known_at or log_end(log)
    opened = open_moments(log, plan, known_at=until)
    whole = with_outcomes(opened, horizon_days=horizon_days, known_at=until)
    _refuse_unteachable(whole, horizon_days, known_at)
    frame = whole.select(
        "lead_id",
        "moment",
        "first_at",
        "won",
        weight=1.0 / pl.len().over("lead_id"),
    )
    return LabelledMoments(frame, n_censored=opened.height - whole.height)


def open_moments(log: AnyLog, plan: MomentPlan, *, known_at: datetime) -> pl.DataFrame:
    """Every moment until `known_at` at which a lead is open, by lead and time:
    (n_moments, 6), `lead_id`, `moment`, and what `lead_lives` tells of the lead."""
    opened = [_opened(part, plan, known_at) for part in log.parts()]
    if len(opened) > 1:
        return pl.concat(opened).sort("lead_id", "moment")
    return opened[0].set_sorted("lead_id")


def _opened(log: Log, plan: MomentPlan, known_at: datetime) -> pl.DataFrame:
    lives = _lives(log, known_at)
    ended_at = pl.coalesce("ended_at", "removed_at")
    is_open = ended_at.is_null() | (pl.col("moment") < ended_at)
    opened = _moments(log, lives, plan).filter(pl.col("moment") <= known_at, is_open)
    once_each = opened.unique(["place", "moment"]).sort("place", "moment")
    return once_each.drop("place")


def with_outcomes(
    opened: pl.DataFrame, *, horizon_days: float, known_at: datetime
) -> pl.DataFrame:
    """The open moments whose horizon is over; `won`: the lead was, within it. Nobody
    knows what would have become of a lead that was removed."""
    horizon_end = pl.col("moment") + timedelta(days=horizon_days)
    followed_until = pl.min_horizontal(pl.lit(known_at), "removed_at")
    return opened.filter(horizon_end <= followed_until).with_columns(
        won=(pl.col("won") & (pl.col("ended_at") <= horizon_end)).fill_null(value=False)
    )


def log_end(log: AnyLog) -> datetime:
    """The latest instant at which the log received something.

    Raises TrainingError if a few events came long after all others: their clock was
    wrong, and what had not happened by then would count as never having happened.
    """
    arrivals = _last_arrivals(log)
    last = arrivals["received_at"].to_list()
    for before, after in pairwise(last):
        if after - before > QUIET:
            source, event_id = (
                arrivals.filter(received_at=after).select("source", "event_id").row(0)
            )
            raise TrainingError(
                f"event {event_id!r} of source {source!r} was received on "
                f"{after:%Y-%m-%d}, nearly all others until {before:%Y-%m-%d}: put its "
                "clock right, or leave it out"
            )
    latest: datetime = last[-1]
    return latest


def _last_arrivals(log: AnyLog) -> pl.DataFrame:
    """The last 1 in LAST_OF of a log's events to be received, in that order."""
    columns = ["received_at", "source", "event_id"]
    last, n_events = EVENT_SCHEMA.to_frame().select(columns), 0
    for part in log.parts():
        n_events += part.events.height
        every = pl.concat([last, part.events.select(columns)])
        last = every.sort("received_at", maintain_order=True).tail(
            1 + log.rows // LAST_OF
        )
    return last.tail(1 + n_events // LAST_OF)


def _moments(log: Log, lives: pl.DataFrame, plan: MomentPlan) -> pl.DataFrame:
    """The plan's moments, open or not; some may stand twice. `place`: the lead's in
    alphabetical order, since numbers are sorted ten times as fast as names."""
    lives = lives.sort("lead_id").with_row_index("place")
    ages = pl.DataFrame({"age": [timedelta(days=age) for age in plan.ages_days]})
    aged = lives.join(ages, how="cross").with_columns(
        moment=pl.col("first_at") + pl.col("age")
    )
    keyed = log.events.filter(pl.col("kind").is_in(plan.key_kinds)).select(
        "lead_id", moment=pl.max_horizontal("occurred_at", "received_at")
    )
    columns = ["place", "lead_id", "moment", "first_at", "ended_at", "won"]
    columns.append("removed_at")
    return pl.concat(
        [aged.select(columns), lives.join(keyed, on="lead_id").select(columns)]
    )


def _refuse_unteachable(
    moments: pl.DataFrame, horizon_days: float, cut: datetime | None
) -> None:
    end = f"before {cut:%Y-%m-%d}, when the leads to measure on begin" if cut else ""
    if moments.is_empty():
        raise TrainingError(
            f"no moment has its whole horizon of {horizon_days:g} days "
            f"{end or 'in the log'}: give a longer log, with leads that begin all "
            "along it, or a shorter horizon"
        )
    n_won = moments["won"].sum()
    if n_won in {0, moments.height}:
        what = "no lead was won" if n_won == 0 else "every lead was won"
        raise TrainingError(
            f"{what} within {horizon_days:g} days of a moment {end or 'of the log'}: "
            "nothing can be learnt; check the log's won_kinds and lost_kinds"
        )
