"""Profile of explaining a log: processor time a lead, by phase."""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

import polars as pl

from explanations.candidate import find_candidates
from explanations.checking import log_odds_of, verified
from explanations.explain import Explainer
from explanations.next_step import step_variants
from explanations.scorer import Scorer
from features.featurise import moments_frame
from features.snapshot import snapshot_at
from features.timelines import timelines_of
from serving.formats.score_table import score_table

PRED_CONTRIB = "lightgbm pred_contrib"  # beside ours, and no phase


def phases(
    parts: Sequence[pl.DataFrame], at: datetime, explainer: Explainer
) -> tuple[dict[str, float], float]:
    """Microseconds a lead by phase, in order, and those of `pred_contrib`.

    The median over parts of a log, read one after another in this process. The first
    is read once before the clock runs: kernels are loaded then. As in the command's
    processes, garbage is collected between parts only.
    """
    with _collected_by_hand():
        _clocked(parts[0], at, explainer)
        clocks = [_clocked(part, at, explainer) for part in parts[1:] or parts]
    medians = {
        name: median(clock.microseconds[name] for clock in clocks)
        for name in clocks[0].microseconds
    }
    pred_contrib = medians.pop(PRED_CONTRIB)
    return medians, pred_contrib


@dataclass(slots=True)
class _Clock:
    """Processor time of this process, by phase."""

    n_leads: int
    microseconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.process_time()
        yield
        took = time.process_time() - started
        self.microseconds[name] = 1e6 * took / self.n_leads


def _clocked(events: pl.DataFrame, at: datetime, explainer: Explainer) -> _Clock:
    """What `Explainer.scores` does, step by step; then the same in one go.

    The telling has no door of its own: it is what the whole takes beyond the steps.
    """
    names = events["lead_id"].unique().sort()
    moments = moments_frame((lead_id, at) for lead_id in names)
    clock = _Clock(len(names))
    _step_by_step(clock, events, moments, explainer.scorer)
    steps = sum(clock.microseconds.values()) - clock.microseconds[PRED_CONTRIB]
    with clock.phase("reasons and words"):
        scores = explainer.scores(events, moments)
    clock.microseconds["reasons and words"] -= steps
    with clock.phase("table"):
        score_table(scores)
    with clock.phase("collecting garbage"):
        del scores
        gc.collect()
        gc.freeze()
    return clock


def _step_by_step(
    clock: _Clock, events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer
) -> None:
    """As `explanations.telling.explain_rows` goes about it, up to the checks."""
    with clock.phase("reading events"):
        timelines = timelines_of(events, scorer.catalogue)
    with clock.phase("aggregating"):
        seen = snapshot_at(timelines, moments)
    with clock.phase("scoring"):
        matrix = scorer.matrix(seen.table, timelines)
        scorer.trees.scores(matrix)
    with clock.phase("contributions"):
        contributions = scorer.contributions_of(matrix)
    with clock.phase(PRED_CONTRIB):
        scorer.booster.predict(matrix, pred_contrib=True, num_threads=1)
    with clock.phase("evidence and candidates"):
        candidates = find_candidates(
            seen, contributions, scorer.catalogue, scorer.facts
        )
    with clock.phase("checks"):
        verified(candidates, contributions.log_odds, seen, scorer)
        log_odds_of(step_variants(seen), seen, scorer)


@contextmanager
def _collected_by_hand() -> Iterator[None]:
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
