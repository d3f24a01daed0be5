"""The service's events as a log on disk: how human judgement reaches the next model."""

from collections.abc import Collection, Sequence
from datetime import datetime

import orjson
import polars as pl

from features.errors import LogError
from features.event import EVENT_SCHEMA, Event, events_of
from features.log import Location, Log, LogAbout, write_log
from governance.leads.state import ENDING_KINDS, LeadState, contradicts, state_after
from governance.people.assurance import assurance_of, without_vouching
from governance.policy.pipeline import Pipeline, StageRole
from serving.database.engine import Store
from serving.repositories.events import events_received

_KINDS = {"won": StageRole.WON, "lost": StageRole.ABANDONED}


def export_log(store: Store, pipeline: Pipeline, until: datetime, to: Location) -> int:
    """Write what was received by `until` as a log; returns how many events.

    Raises LogError if nothing was received by then, or it can't be written.
    """
    log = stored_log(store, pipeline, until)
    if log is None:
        raise LogError(f"the store holds no event received by {until.isoformat()}")
    write_log(to, log)
    return log.events.height


def stored_log(
    store: Store,
    pipeline: Pipeline,
    until: datetime,
    kinds: Collection[str] | None = None,
) -> Log | None:
    """What was received by `until`, of all kinds or of some; None if nothing was.

    Without moves of stage among the kinds, outcomes that only they tell are unknown.
    What moves a stage or ends a lead says by its `assurance` whether a person signed
    it, a key vouched for one, or neither; it names nobody. What was seen elsewhere
    against a person's decision isn't in the log: the decision is what became of it.
    """
    with store.reading() as session:
        frames = list(events_received(session, until, kinds))
    if not frames:
        return None
    events = _with_assurance(pl.concat(frames), pipeline)
    outcomes = (
        _outcomes(events, kind, pipeline.names_of_role(role))
        for kind, role in _KINDS.items()
    )
    about = LogAbout(name="frein", provenance={"until": until.isoformat()})
    return Log(about, pl.concat([events, *outcomes]))


def _with_assurance(events: pl.DataFrame, pipeline: Pipeline) -> pl.DataFrame:
    """The events, in their order: those that tell a stage with their assurance, without
    the names of people, and without those that contradict what a person signed."""
    told = pl.col("kind").is_in(sorted(ENDING_KINDS))
    stages = events.with_row_index().filter(told)
    listed = list(events_of(stages.select(EVENT_SCHEMA.names())))
    contradicting = _contradicting(listed, pipeline)
    said = [
        None if place in contradicting else _assured(event)
        for place, event in enumerate(listed)
    ]
    assured = stages.select(
        "index", is_stage=True, assured=pl.Series(said, dtype=pl.String)
    )
    return (
        events.with_row_index()
        .join(assured, on="index", how="left", maintain_order="left")
        .filter(pl.col("is_stage").is_null() | pl.col("assured").is_not_null())
        .with_columns(data=pl.coalesce("assured", "data"))
        .select(EVENT_SCHEMA.names())
    )


def _assured(event: Event) -> str:
    said = without_vouching(event.data) | {"assurance": assurance_of(event)}
    return orjson.dumps(said).decode()


def _contradicting(events: Sequence[Event], pipeline: Pipeline) -> frozenset[int]:
    """The places of those that would undo what a person signed before."""
    in_order = sorted(enumerate(events), key=lambda placed: placed[1].occurred_at)
    states: dict[str, LeadState] = {}
    undoing = set()
    for place, event in in_order:
        name = event.lead_id
        before = states.get(name) or LeadState.unknown(name, pipeline)
        if contradicts(before, event, pipeline):
            undoing.add(place)
        states[name] = state_after(before, [event], pipeline)
    return frozenset(undoing)


def _outcomes(events: pl.DataFrame, kind: str, stages: Collection[str]) -> pl.DataFrame:
    """An outcome for each lead that stands at a closing stage, and of which nobody told
    the outcome itself: training reads kinds, and no stages."""
    outcomes_told = events.filter(pl.col("kind") == kind).select("lead_id")
    moves = events.filter(pl.col("kind") == "stage_changed").sort("occurred_at")
    last = moves.unique("lead_id", keep="last", maintain_order=True)
    return (
        last.filter(pl.col("data").str.json_path_match("$.to").is_in(stages))
        .join(outcomes_told, on="lead_id", how="anti")
        .with_columns(
            pl.col("event_id") + f":{kind}",
            kind=pl.lit(kind),
            data=pl.struct(
                assurance=pl.col("data").str.json_path_match("$.assurance")
            ).struct.json_encode(),
        )
        .select(EVENT_SCHEMA.names())
    )
