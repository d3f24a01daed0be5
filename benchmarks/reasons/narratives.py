"""Narratives timed, and judged for their French."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

import polars as pl

from benchmarks.reasons.forms import made_up_stories, message_texts
from benchmarks.reasons.grammar import faults_of
from explanations.explain import FIRST_PRIORITY, Explainer
from explanations.narrative import narrate
from explanations.narrative_input import NarrativeInput
from explanations.score import Narrative, Priority, Score, TextedReason, TextedStep
from explanations.wording import Wording, read_wording

ROWS_AT_ONCE = 1_000  # moments
SEED = 1
WRITTEN = (None, *Priority)  # the priorities after which a score may be told

WrittenScore = tuple[Score, Priority | None]  # and the priority last written by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`faults` by line at fault; a line that several narratives say counts each time
    in `faults_per_10000`.

    Beside the log's narratives as many are judged that are made up of every form, and
    what each message says alone, which counts once.
    """

    narratives: int  # of the log
    made_up: int
    distinct_texts: int
    faults: dict[str, list[str]]
    faults_per_10000: float
    microseconds: float


def told_scores(
    explainer: Explainer, events: pl.DataFrame, moments: pl.DataFrame
) -> Iterator[WrittenScore]:
    """The scores, told after each priority in turn, so that every move is told."""
    for start in range(0, moments.height, ROWS_AT_ONCE):
        some = moments[start : start + ROWS_AT_ONCE]
        last = dict(zip(some["lead_id"], cycle(WRITTEN), strict=False))
        written = {lead_id: priority for lead_id, priority in last.items() if priority}
        for score in explainer.scores(events, some, written):
            yield score, written.get(score.lead_id)


def judged(several: Sequence[WrittenScore], explainer: Explainer) -> Judged:
    """The narratives of some scores: told again for the clock, and judged."""
    wording = read_wording(explainer.scorer.catalogue)  # its memory is empty
    started = time.perf_counter()
    again = [_narrative(score, written, wording) for score, written in several]
    elapsed = time.perf_counter() - started
    told = [score.narrative for score, _ in several]
    assert again == told, "the clock ran on other narratives than were told"
    stories = made_up_stories(wording, len(several), seed=SEED)
    made_up = [narrate(story, wording) for story in stories]
    times = Counter(line for one in (*told, *made_up) for line in _lines(one))
    times.update(_split(message_texts(wording)))
    faults = faults_of(list(times))
    n_faults = sum(times[line] * len(found) for line, found in faults.items())
    return Judged(
        narratives=len(told),
        made_up=len(made_up),
        distinct_texts=len({one.text for one in told}),
        faults=faults,
        faults_per_10000=10_000 * n_faults / (len(told) + len(made_up)),
        microseconds=1e6 * elapsed / len(several),
    )


def _narrative(score: Score, written: Priority | None, wording: Wording) -> Narrative:
    """The narrative again, with the texts of its reasons and steps."""
    is_first = written is None and score.priority is FIRST_PRIORITY
    story = NarrativeInput(
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
    return _split((narrative.happened, narrative.text, narrative.short))


def _split(texts: Iterable[str]) -> set[str]:
    return {line for text in texts for line in text.split("\n") if line}
