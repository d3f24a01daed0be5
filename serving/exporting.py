"""The service's events as a log on disk: how human judgement reaches the next model."""

from datetime import datetime
from pathlib import Path

import polars as pl

from features.errors import LogError
from features.event import EVENT_SCHEMA
from features.log import Log, LogAbout, write_log
from governance.pipeline import StageRole
from serving.events import events_received
from serving.service import Service

_KINDS = {"won": StageRole.WON, "lost": StageRole.ABANDONED}


def export_log(service: Service, until: datetime, folder: Path) -> int:
    """Write what was received by `until` as a log; returns how many events.

    Raises
    ------
    LogError
        If nothing was received by then, or the folder can't be written.
    """
    with service.store.reading() as session:
        frames = list(events_received(session, until))
    if not frames:
        raise LogError(f"the store holds no event received by {until.isoformat()}")
    events = pl.concat(frames)
    outcomes = (
        _outcomes(events, kind, service.pipeline.of_role(role))
        for kind, role in _KINDS.items()
    )
    events = pl.concat([events, *outcomes])
    about = LogAbout(name="frein", provenance={"until": until.isoformat()})
    write_log(folder, Log(about, events))
    return events.height


def _outcomes(events: pl.DataFrame, kind: str, stage: str) -> pl.DataFrame:
    """An outcome for each lead that stands at a closing stage, and of which nobody told
    the outcome itself: training reads kinds, and no stages."""
    told = events.filter(pl.col("kind") == kind).select("lead_id")
    moves = events.filter(pl.col("kind") == "stage_changed").sort("occurred_at")
    last = moves.unique("lead_id", keep="last", maintain_order=True)
    return (
        last.filter(pl.col("data").str.json_path_match("$.to") == stage)
        .join(told, on="lead_id", how="anti")
        .with_columns(
            pl.col("event_id") + f":{kind}",
            kind=pl.lit(kind),
            data=pl.lit("{}"),
        )
        .select(EVENT_SCHEMA.names())
    )
