"""Explainer: scores, reasons, checks and narratives of many leads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from explanations.artifact import load_scorer
from explanations.change import changes, told_change
from explanations.narrative import narrate
from explanations.narrative_input import NEAR_BASE, NarrativeInput
from explanations.reason import Direction, NextStep, Past, Reason
from explanations.score import (
    Doubt,
    Ending,
    ModelId,
    Priority,
    Score,
    TextedChange,
    TextedDoubt,
    TextedReason,
    TextedStep,
)
from explanations.scorer import Scorer
from explanations.telling import explain_rows
from explanations.wording import Wording, kept_wording
from features.featurise import moments_frame

FIRST_PRIORITY = Priority.NORMAL  # where a lead stands before anything was written
READS_AT_LEAST = 0.1  # of a log's events; another log's model reads next to none
EXACT = 1e-6  # points; less is arithmetic
STRONG = 0.5  # log-odds: two such reasons pulling apart are a contradiction


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """A model ready to speak. Holds no state, so threads may share it."""

    scorer: Scorer
    wording: Wording
    model: ModelId

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of event that the model's catalogue knows."""
        return self.scorer.catalogue.known_kinds

    def reads(self, events: pl.DataFrame) -> bool:
        """Is the model made for such a log? It reads a tenth of it at the least."""
        known = events["kind"].is_in(self.kinds)
        return events.is_empty() or float(known.to_numpy().mean()) >= READS_AT_LEAST

    def scores(
        self,
        events: pl.DataFrame,
        moments: pl.DataFrame,
        previous: Mapping[str, Priority] | None = None,
        closed: Mapping[str, Ending] | None = None,
    ) -> list[Score]:
        """The score of each lead at its moment, told in the wording's language.

        Parameters
        ----------
        events : DataFrame of EVENT_SCHEMA
        moments : DataFrame of shape (n_rows, 2), MOMENT_SCHEMA
            The scores are in its order.
        previous : mapping of lead_id → Priority, optional
            The priority last written. A lead without one is taken to stand at
            `normale`, and its priority goes by the cuts themselves.
        closed : mapping of lead_id → Ending, optional
            The leads that came to an end: nothing is expected any more.
        """
        explained = explain_rows(events, moments, self.scorer)
        base, _, score = explained.contributions.points()
        written, ended = previous or {}, closed or {}
        return [
            self._score(
                _Scored(
                    lead_id,
                    moment,
                    float(at),
                    float(start),
                    float(explained.typical[row]),
                    written.get(lead_id),
                    ended.get(lead_id),
                ),
                explained.reasons[row],
                explained.steps[row],
            )
            for row, ((lead_id, moment), at, start) in enumerate(
                zip(moments.iter_rows(), score, base, strict=True)
            )
        ]

    @property
    def segment(self) -> str | None:
        """The attribute by which usual delays differ."""
        return self.scorer.catalogue.segment

    def usual_hours(self, segment: str | None) -> dict[str, float]:
        """Usual delays of a segment by idea, in hours; else those of all."""
        return self.scorer.facts.usual_hours(segment)

    def retold(
        self,
        score: Score,
        previous: Priority | None,
        priority: Priority,
        closed: Ending | None = None,
        *,
        by_person: bool = False,
        is_settled: bool = False,
    ) -> Score:
        """The score told with another priority than its own: a rule or (`by_person`) a
        person gave it, or it was kept. `previous`: the priority that stood before,
        None: none. `is_settled`: a person has seen to what the score doubts."""
        story = NarrativeInput(
            priority=priority,
            previous_priority=_told_before(previous, priority),
            grade=score.grade,
            score=score.score,
            base=score.base,
            reasons=score.reasons,
            doubts=tuple(texted.doubt for texted in score.doubts),
            steps=score.steps,
            moment=score.moment,
            closed=closed,
            by_person=by_person,
            is_settled=is_settled,
        )
        return replace(
            score,
            priority=priority,
            previous_priority=previous or FIRST_PRIORITY,
            narrative=narrate(story, self.wording),
        )

    def changed(
        self,
        scores: Sequence[Score],
        events: pl.DataFrame,
        pasts: Mapping[str, Past],
        earlier: "Explainer",
    ) -> list[Score]:
        """The scores, each with why it moved since its past one, where it has one.

        Raises ValueError if a past score is of after the moment of the score.

        Parameters
        ----------
        scores : sequence of Score
            As `scores` gave them, of these events.
        pasts : mapping of lead_id → Past
        earlier : Explainer
            The one that gave the past scores.
        """
        rescored = [score for score in scores if score.lead_id in pasts]
        moves = changes(
            events,
            moments_frame((score.lead_id, score.moment) for score in rescored),
            [pasts[score.lead_id] for score in rescored],
            earlier.scorer,
            self.scorer,
        )
        by_lead = {
            score.lead_id: TextedChange(change, told_change(change, self.wording))
            for score, change in zip(rescored, moves, strict=True)
        }
        return [
            replace(score, change=by_lead.get(score.lead_id, score.change))
            for score in scores
        ]

    def _score(
        self,
        scored: "_Scored",
        reasons: tuple[Reason, ...],
        steps: tuple[NextStep, ...],
    ) -> Score:
        priority = self.scorer.facts.priority(scored.score, scored.written)
        story = NarrativeInput(
            priority=priority,
            previous_priority=_told_before(scored.written, priority),
            grade=self.scorer.facts.grade(scored.score),
            score=scored.score,
            base=scored.base,
            reasons=tuple(
                TextedReason(reason, self.wording.reason(reason, scored.moment))
                for reason in reasons
            ),
            doubts=() if scored.closed else tuple(self._doubts(scored, reasons)),
            steps=tuple(TextedStep(s, self.wording.step(s.name)) for s in steps),
            moment=scored.moment,
            closed=scored.closed,
        )
        return Score(
            lead_id=scored.lead_id,
            moment=scored.moment,
            score=scored.score,
            base=scored.base,
            grade=story.grade,
            priority=story.priority,
            previous_priority=scored.written or FIRST_PRIORITY,
            reasons=story.reasons,
            other_points=scored.score - scored.base - sum(r.points for r in reasons),
            doubts=tuple(
                TextedDoubt(doubt, self.wording.doubt(doubt, partly=bool(reasons)))
                for doubt in story.doubts
            ),
            narrative=narrate(story, self.wording),
            model=self.model,
            steps=story.steps,
        )

    def _doubts(
        self, scored: "_Scored", reasons: tuple[Reason, ...]
    ) -> Iterator[Doubt]:
        """Why a person should look; the weightiest first."""
        lowest, highest = self.scorer.facts.score_range
        if not reasons and abs(scored.score - scored.base) > NEAR_BASE:
            yield Doubt.NO_TRUE_REASON
        if not lowest - EXACT <= scored.score <= highest + EXACT:
            yield Doubt.OUT_OF_RANGE
        if scored.typical < self.scorer.facts.typical_from:
            yield Doubt.ATYPICAL
        strong = {reason.way for reason in reasons if abs(reason.log_odds) >= STRONG}
        if strong == {Direction.UP, Direction.DOWN}:
            yield Doubt.CONTRADICTORY


@dataclass(frozen=True, slots=True)
class _Scored:
    """A lead at its moment: score and base in points, how typical it is, the priority
    last written, and how it ended."""

    lead_id: str
    moment: datetime
    score: float
    base: float
    typical: float
    written: Priority | None
    closed: Ending | None


def _told_before(written: Priority | None, priority: Priority) -> Priority | None:
    """The priority that a narrative starts from; None: it tells the first one."""
    is_first = written is None and priority is FIRST_PRIORITY
    return None if is_first else written or FIRST_PRIORITY


def load_explainer(folder: Path, model: ModelId) -> Explainer:
    """Load a model's files, verified, with the wording of its catalogue.

    Raises ModelRejectedError if a file is not the one whose digest `model` carries.
    Raises WordingError if an idea of the model's catalogue has no words.
    """
    scorer = load_scorer(folder, model.sha256)
    return Explainer(scorer=scorer, wording=kept_wording(scorer.catalogue), model=model)
