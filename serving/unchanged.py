"""What a caller saw of a lead, held against what the lead is now."""

from math import isclose

from governance.pipeline import Pipeline
from serving.decisions import Conceded
from serving.errors import ChangedMeanwhileError, Reserved
from serving.lead_state import LeadState


def refuse_other_stage(lead: LeadState, seen: str | None, pipeline: Pipeline) -> None:
    """`seen` None: the caller doesn't say. Raises ChangedMeanwhileError."""
    if seen is not None and lead.stage != seen:
        raise ChangedMeanwhileError(pipeline.named(lead.stage).title)


def refuse_other_priority(lead: LeadState, seen: str | None) -> None:
    """`seen` None: the caller doesn't say. Raises ChangedMeanwhileError."""
    if seen is not None and lead.priority != seen:
        raise ChangedMeanwhileError(lead.priority or "", Reserved.PRIORITY)


def refuse_other_concessions(conceded: Conceded, seen: float | None) -> None:
    """`seen` None: the caller doesn't say. Raises ChangedMeanwhileError."""
    if seen is not None and not isclose(conceded.percent, seen, abs_tol=1e-6):
        raise ChangedMeanwhileError(f"{conceded.percent:g}", Reserved.CONCESSION)
