"""Narratives timed, and judged for their French."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice

import polars as pl

from benchmarks.common.public_scores import Json
from benchmarks.reasons.forms import made_up_stories, message_texts
from benchmarks.reasons.grammar import faults_of
from explanations.explain import Explainer
from explanations.narrative import narrate
from explanations.score import Narrative, Priority, Score, TextedReason, TextedStep
from explanations.wording import read_wording

ROWS_AT_ONCE = 1_000  # moments
SEED = 1
MOST_EXAMPLES = 3
WRITTEN = (None, *Priority)  # the priorities after which a score may be told

WrittenScore = tuple[Score, Priority | None]  # and the priority last written by then


def told_scores(
    explainer: Explainer, events: pl.DataFrame, moments: pl.DataFrame
) -> Iterator[WrittenScore]:
    """The scores, told after each priority in turn, so that every move is told."""
    for some in moments.iter_slices(ROWS_AT_ONCE):
        last = dict(zip(some["lead_id"], cycle(WRITTEN), strict=False))
        written = {lead_id: priority for lead_id, priority in last.items() if priority}
        for score in explainer.scores(events, some, written):
            yield score, written.get(score.lead_id)


def judged(several: Sequence[WrittenScore], explainer: Explainer) -> Json:
    """The narratives of some scores: told again for the clock, and judged.

    Beside them as many are judged that are made up of every form, and what each
    message says alone, which counts once. A line at fault that several narratives say
    counts each time in `grammalecte_faults_per_10000`.
    """
    wording = read_wording(explainer.scorer.catalogue)  # its memory is empty
    anew = replace(explainer, wording=wording)
    started = time.perf_counter()
    again = [_narrative(score, written, anew) for score, written in several]
    elapsed = time.perf_counter() - started
    told = [score.narrative for score, _ in several]
    assert again == told, "the clock ran on other narratives than were told"
    stories = made_up_stories(wording, len(several), seed=SEED)
    made_up = [narrate(story, wording) for story in stories]
    times = Counter(_lines(message_texts(wording)))
    for narrative in (*told, *made_up):  # why and what is expected are in the text
        times.update(_lines((narrative.happened, narrative.text, narrative.short)))
    faults = faults_of(list(times))
    n_faults = sum(times[line] * len(of_line) for line, of_line in faults.items())
    return {
        "told": len(told),
        "distinct_texts": len({narrative.text for narrative in told}),
        "grammalecte_faults_per_10000": 10_000 * n_faults / (len(told) + len(made_up)),
        "microseconds_each": 1e6 * elapsed / len(told),
        "faulty_lines": len(faults),
        "examples": dict(islice(faults.items(), MOST_EXAMPLES)),
    }


def _narrative(
    score: Score, written: Priority | None, explainer: Explainer
) -> Narrative:
    """The narrative again, with the texts of its reasons and steps."""
    reasons = tuple(
        TextedReason(told.reason, explainer.wording.reason(told.reason, score.moment))
        for told in score.reasons
    )
    steps = tuple(
        TextedStep(told.step, explainer.wording.step(told.step.name))
        for told in score.steps
    )
    bare = replace(score, reasons=reasons, steps=steps)
    return explainer.retold(bare, written, score.priority).narrative


def _lines(texts: Iterable[str]) -> set[str]:
    return {line for text in texts for line in text.split("\n") if line}
