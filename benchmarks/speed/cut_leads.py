"""Leads of sixty events each, cut from a log: many different ones, then copies."""

from datetime import datetime, timedelta

import polars as pl

from features.errors import LogError
from features.log import Log

EVENTS = 60  # a lead: what the figures of design §9 are about
STEP = timedelta(hours=31)  # between a lead and its copy: other ages, other words
_KNOWN = pl.max_horizontal("occurred_at", "received_at")


def cut_leads(log: Log, at: datetime) -> pl.DataFrame:
    """The first sixty events of each lead's open life, where it had as many.

    Lives are moved in time, so that the sixtieth event becomes known at `at`. Events
    are of EVENT_SCHEMA, by lead, then by when they were known; raises LogError if no
    lead has as many.
    """
    outcomes = [*log.about.won_kinds, *log.about.lost_kinds]
    known = log.events.with_columns(known=_KNOWN)
    ends = known.filter(pl.col("kind").is_in(outcomes)).group_by("lead_id")
    ended = ends.agg(end=pl.col("known").min())
    first = (
        known.join(ended, on="lead_id", how="left")
        .filter(pl.col("end").is_null() | (pl.col("known") < pl.col("end")))
        .sort("lead_id", "known", "source", "event_id")
        .group_by("lead_id", maintain_order=True)
        .head(EVENTS)
        .filter(pl.len().over("lead_id") == EVENTS)
    )
    if first.is_empty():
        raise LogError(f"{log.about.name}: no open lead has {EVENTS} events")
    moved = pl.lit(at) - pl.col("known").max().over("lead_id")
    return first.with_columns(pl.col("occurred_at", "received_at") + moved).select(
        log.events.columns
    )


def copied(events: pl.DataFrame, n_leads: int, step: timedelta = STEP) -> pl.DataFrame:
    """As many leads: those given, then copies under new names.

    The events of a copy have new identifiers, and are `step` older than those of the
    one before: the same lead, seen later.
    """
    leads = events["lead_id"].unique(maintain_order=True)
    copies = []
    for number in range(-(-n_leads // len(leads))):
        some = leads.head(n_leads - number * len(leads)).implode()
        copy = events.filter(pl.col("lead_id").is_in(some)).with_columns(
            pl.col("lead_id", "event_id") + f"-{number}",
            pl.col("occurred_at", "received_at") - number * step,
        )
        copies.append(copy)
    return pl.concat(copies)
