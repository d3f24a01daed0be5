"""Challenge of the champion: both models on the same hold-out, and the gate asked."""

from collections.abc import Callable, Iterator
from time import process_time

import numpy as np
import polars as pl

from explanations.telling import explain_rows
from features.log import Log
from training.dataset.groups import lead_counts, segments
from training.dataset.split import refuse_one_sided
from training.metrics.shap_contradictions import contradicted_share
from training.promotion.gate import (
    SEED,
    SEGMENT_LEADS,
    contradictions_finding,
    quality_findings,
    segments_finding,
    speed_finding,
)
from training.promotion.verdict import Finding, Rule, held, not_applicable
from training.registry.candidates import Candidate, paired

# Moments. Of 1,000, a tenth of equal pairs differ by over 2 points (docs/promotion.md).
MOST_EXPLAINED = 20_000
MOST_TIMED, REPEATS = 300, 5
MEASURED = tuple(Rule)[2:]
Phase = Callable[[str], None]


def judged(
    champion: Candidate, challenger: Candidate, log: Log, *, phase: Phase
) -> tuple[Finding, ...]:
    """The findings, in the order of the rules.

    `phase` is told what is being measured. Raises TrainingError if leads of the
    hold-out all came to the same end.
    """
    names = [model.scorer.catalogue.name for model in (champion, challenger)]
    if names[0] != names[1]:
        why = f"the champion reads catalogue {names[0]!r}, the challenger {names[1]!r}"
        rest = not_applicable("another catalogue", Rule.HOLD_OUT, *MEASURED)
        return held(Rule.CATALOGUE, why, kept=False), *rest
    first = held(Rule.CATALOGUE, f"both read catalogue {names[0]!r}", kept=True)
    if champion.horizon_days != challenger.horizon_days:
        horizons = f"{champion.horizon_days:g} and {challenger.horizon_days:g} days"
        why = f"the horizons differ: {horizons}"
        return first, *not_applicable(why, Rule.HOLD_OUT, *MEASURED)
    phase("the hold-out")
    begins, moments = challenger.hold_out(log, champion)
    if moments.is_empty():
        why = f"no lead of the log began after both trainings, {begins:%Y-%m-%d}"
        return first, *not_applicable(why, Rule.HOLD_OUT, *MEASURED)
    refuse_one_sided(moments, begins)
    n_leads = moments["lead_id"].n_unique()
    held_out = f"{n_leads:,} leads that began since {begins:%Y-%m-%d}"
    return (
        first,
        held(Rule.HOLD_OUT, held_out, kept=True),
        *_measured(champion, challenger, log, moments, phase),
    )


def _measured(
    champion: Candidate,
    challenger: Candidate,
    log: Log,
    moments: pl.DataFrame,
    phase: Phase,
) -> Iterator[Finding]:
    phase("quality")
    signals = challenger.signals(log, moments)
    said = paired(champion, challenger, log, moments, signals)
    yield from quality_findings(said)
    phase("segments")
    groups = [
        group
        for group in segments(signals, moments, challenger.scorer.catalogue)
        if min(lead_counts(moments, group.rows)) >= SEGMENT_LEADS
    ]
    yield segments_finding(said, groups)
    phase("explanations")
    some = moments.select("lead_id", "moment").sample(
        min(MOST_EXPLAINED, moments.height), shuffle=True, seed=SEED
    )
    scorers = champion.scorer, challenger.scorer
    yield contradictions_finding(
        *(contradicted_share(log.events, some, scorer) for scorer in scorers)
    )
    yield speed_finding(
        *_explaining_seconds(champion, challenger, log, some[:MOST_TIMED])
    )


def _explaining_seconds(
    champion: Candidate, challenger: Candidate, log: Log, moments: pl.DataFrame
) -> tuple[float, float]:
    """Seconds of processor, the best of several in turns.

    By the clock on the wall, a model beside itself took 2.8 times as long on a busy
    machine; of processor time, 0.97 to 1.05 times.
    """
    theirs = log.events.join(moments, on="lead_id", how="semi")
    best = [np.inf, np.inf]
    for _ in range(REPEATS):
        for i, model in enumerate((champion, challenger)):
            began = process_time()
            explain_rows(theirs, moments, model.scorer)
            best[i] = min(best[i], process_time() - began)
    return best[0], best[1]
