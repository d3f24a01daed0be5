"""The service's events as a log on disk: how human judgement reaches the next model."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import polars as pl

from features.errors import LogError
from features.event import EVENT_SCHEMA
from features.log import Log, LogAbout, write_log
from governance.policy.pipeline import Pipeline, StageRole
from serving.database.engine import Store
from serving.repositories.events import events_received

_KINDS = {"won": StageRole.WON, "lost": StageRole.ABANDONED}


def export_log(store: Store, pipeline: Pipeline, until: datetime, folder: Path) -> int:
    """Write what was received by `until` as a log; returns how many events.

    Raises LogError if nothing was received by then, or the folder can't be written.
    """
    log = stored_log(store, pipeline, until)
    if log is None:
        raise LogError(f"the store holds no event received by {until.isoformat()}")
    write_log(folder, log)
    return log.events.height


def stored_log(
    store: Store,
    pipeline: Pipeline,
    until: datetime,
    kinds: Collection[str] | None = None,
) -> Log | None:
    """What was received by `until`, of all kinds or of some; None if nothing was.

    Without moves of stage among the kinds, outcomes that only they tell are unknown.
    """
    with store.reading() as session:
        frames = list(events_received(session, until, kinds))
    if not frames:
        return None
    events = pl.concat(frames)
    outcomes = (
        _outcomes(events, kind, pipeline.of_role(role)) for kind, role in _KINDS.items()
    )
    about = LogAbout(name="frein", provenance={"until": until.isoformat()})
    return Log(about, pl.concat([events, *outcomes]))


def _outcomes(events: pl.DataFrame, kind: str, stage: str) -> pl.DataFrame:
    """An outcome for each lead that stands at a closing stage, and of which nobody told
    the outcome itself: training reads kinds, and no stages."""
    outcomes_told = events.filter(pl.col("kind") == kind).select("lead_id")
    moves = events.filter(pl.col("kind") == "stage_changed").sort("occurred_at")
    last = moves.unique("lead_id", keep="last", maintain_order=True)
    return (
        last.filter(pl.col("data").str.json_path_match("$.to") == stage)
        .join(outcomes_told, on="lead_id", how="anti")
        .with_columns(
            pl.col("event_id") + f":{kind}",
            kind=pl.lit(kind),
            data=pl.lit("{}"),
        )
        .select(EVENT_SCHEMA.names())
    )
