"""Signals of a log's moments, bucket after bucket: memory holds the events of one."""

import polars as pl

from features.catalogue import Catalogue
from features.event import EVENT_SCHEMA
from features.featurise import featurise
from features.log import AnyLog, Log
from features.timelines import MOMENT_SCHEMA


def signals_of(
    log: AnyLog, moments: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """As `featurise` of the log's events; `moments` are of leads that it has.

    Raises LogError if a bucket can't be read.
    """
    wanted = moments.select(MOMENT_SCHEMA.names())
    if isinstance(log, Log) or wanted.is_empty():
        events = log.events if isinstance(log, Log) else EVENT_SCHEMA.to_frame()
        return featurise(events, wanted, catalogue)
    done = [
        rows.select("position").hstack(
            featurise(bucket.read(), rows.drop("position"), catalogue)
        )
        for bucket, rows in log.by_bucket(wanted.with_row_index("position"))
    ]
    return pl.concat(done).sort("position").drop("position")


def leads_of(log: AnyLog) -> pl.DataFrame:
    """Every lead of a log, (n_leads, 1): `lead_id`."""
    return pl.concat(
        part.events.select(pl.col("lead_id").unique()) for part in log.parts()
    )
