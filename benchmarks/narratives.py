"""Narratives: how long one takes, and what a judge of French finds in them."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

import polars as pl

from benchmarks.grammar import faults_of
from explanations.explain import FIRST_PRIORITY, Explainer
from explanations.narrative import Story, narrate
from explanations.score import Narrative, Priority, Score, TextedReason, TextedStep
from explanations.wording import Wording, read_wording

ROWS_AT_ONCE = 1_000  # moments
WRITTEN = (None, *Priority)  # the priorities after which a score may be told


@dataclass(frozen=True, slots=True)
class Told:
    """A score, and the priority last written when it was told."""

    score: Score
    written: Priority | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`faults` by line at fault; a line that several narratives say counts each time
    in `faults_per_10000`."""

    narratives: int
    distinct_texts: int
    faults: dict[str, list[str]]
    faults_per_10000: float
    microseconds: float


def told_scores(
    explainer: Explainer, events: pl.DataFrame, moments: pl.DataFrame
) -> Iterator[Told]:
    """The scores, told after each priority in turn, so that every move is told."""
    for start in range(0, moments.height, ROWS_AT_ONCE):
        some = moments[start : start + ROWS_AT_ONCE]
        last = dict(zip(some["lead_id"], cycle(WRITTEN), strict=False))
        written = {lead_id: priority for lead_id, priority in last.items() if priority}
        for score in explainer.scores(events, some, written):
            yield Told(score, written.get(score.lead_id))


def judged(several: Sequence[Told], explainer: Explainer) -> Judged:
    """The narratives of some scores: told again for the clock, and judged."""
    wording = read_wording(explainer.scorer.catalogue)  # its memory is empty
    started = time.perf_counter()
    again = [_narrative(one, wording) for one in several]
    elapsed = time.perf_counter() - started
    narratives = [one.score.narrative for one in several]
    assert again == narratives, "the clock ran on other narratives than were told"
    times = Counter(line for one in narratives for line in _lines(one))
    faults = faults_of(list(times))
    n_faults = sum(times[line] * len(found) for line, found in faults.items())
    return Judged(
        narratives=len(narratives),
        distinct_texts=len({one.text for one in narratives}),
        faults=faults,
        faults_per_10000=10_000 * n_faults / len(narratives),
        microseconds=1e6 * elapsed / len(narratives),
    )


def _narrative(told: Told, wording: Wording) -> Narrative:
    """The narrative again, with the texts of its reasons and steps."""
    score = told.score
    is_first = told.written is None and score.priority is FIRST_PRIORITY
    story = Story(
        priority=score.priority,
        previous_priority=None if is_first else score.previous_priority,
        grade=score.grade,
        score=score.score,
        base=score.base,
        reasons=tuple(
            TextedReason(one.reason, wording.reason(one.reason, score.moment))
            for one in score.reasons
        ),
        doubts=tuple(one.doubt for one in score.doubts),
        moment=score.moment,
        steps=tuple(
            TextedStep(one.step, wording.step(one.step.name)) for one in score.steps
        ),
    )
    return narrate(story, wording)


def _lines(narrative: Narrative) -> set[str]:
    """Every sentence: why and what is expected are parts of the text."""
    texts = (narrative.happened, narrative.text, narrative.short)
    return {line for text in texts for line in text.split("\n") if line}
