"""The scores of a log's leads, without a store."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from explanations.score import Ending, Priority, Score
from features.featurise import moments_frame
from features.log import LogAbout, last_known_at, read_log
from serving.errors import LeadUnknownError
from serving.events.import_log import open_leads
from serving.runtime.served_model import Explains
from training.errors import ModelUnavailableError

_RANK = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}


def log_scores(
    folder: Path, explainer: Explains, leads: Sequence[str] | None = None
) -> list[Score]:
    """The scores at the log's end of some leads, or of the open ones; best first.

    Raises
    ------
    LogError
        If the folder is no log.
    LeadUnknownError
        If a lead isn't in it.
    ModelUnavailableError
        If the model was trained on another sort of log.
    """
    log = read_log(folder)
    if not explainer.reads(log.events):
        raise ModelUnavailableError(
            f"model {explainer.model.name} {explainer.model.version} was trained on "
            f"another sort of log than {log.about.name!r}: name a version with --model"
        )
    names = open_leads(log) if leads is None else leads
    events = log.events.filter(pl.col("lead_id").is_in(names))
    for name in set(names) - set(events["lead_id"]):
        raise LeadUnknownError(name)
    end = last_known_at(log.events.lazy())
    moments = moments_frame((name, end) for name in names)
    scores = explainer.scores(events, moments, closed=_ended(events, log.about))
    return sorted(scores, key=_first_to_call)


def _ended(events: pl.DataFrame, about: LogAbout) -> dict[str, Ending]:
    """How the leads ended that did: by the last outcome of each."""
    outcome = dict.fromkeys(about.won_kinds, Ending.WON)
    outcome |= dict.fromkeys(about.lost_kinds, Ending.LOST)
    ends = events.filter(pl.col("kind").is_in([*outcome])).sort("occurred_at")
    return {
        lead_id: outcome[kind]
        for lead_id, kind in ends.select("lead_id", "kind").rows()
    }


def _first_to_call(score: Score) -> tuple[int, float]:
    return _RANK[score.priority], -score.score
