"""Score, explain, check and tell: the whole of `explanations`, for many leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from explanations.artifact import load_scorer
from explanations.change import changes, told_change
from explanations.narrative import NEAR_BASE, Story, narrate
from explanations.reason import Past, Reason, Way
from explanations.score import (
    Doubt,
    ModelId,
    Priority,
    Score,
    TextedChange,
    TextedDoubt,
    TextedReason,
)
from explanations.scorer import Scorer
from explanations.telling import tell
from explanations.wording import Wording, read_wording
from features.featurise import moments_frame

FIRST_PRIORITY = Priority.NORMAL  # where a lead stands before anything was written
STRONG = 0.5  # log-odds: two such reasons pulling apart are a contradiction


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """A model ready to speak. Holds no state, so threads may share it."""

    scorer: Scorer
    wording: Wording
    model: ModelId

    def scores(
        self,
        events: pl.DataFrame,
        moments: pl.DataFrame,
        previous: Mapping[str, Priority] | None = None,
    ) -> list[Score]:
        """The score of each lead at its moment, told in French.

        Parameters
        ----------
        events : DataFrame of EVENT_SCHEMA
        moments : DataFrame of shape (n_rows, 2), MOMENT_SCHEMA
        previous : mapping of lead_id → Priority, optional
            The priority last written. A lead without one is taken to stand at
            `normale`, and its priority goes by the cuts themselves.

        Returns
        -------
        list of n_rows Score, in the order of `moments`
        """
        told = tell(events, moments, self.scorer)
        base, _, score = told.contributions.points()
        written = previous or {}
        return [
            self._score(
                lead_id, moment, float(at), float(start), reasons, written.get(lead_id)
            )
            for (lead_id, moment), at, start, reasons in zip(
                moments.iter_rows(), score, base, told.reasons, strict=True
            )
        ]

    def changed(
        self,
        scores: Sequence[Score],
        events: pl.DataFrame,
        pasts: Mapping[str, Past],
        earlier: "Explainer",
    ) -> list[Score]:
        """The scores, each with why it moved since its past one, where it has one.

        Parameters
        ----------
        scores : sequence of Score
            As `scores` gave them, of these events.
        pasts : mapping of lead_id → Past
        earlier : Explainer
            The one that gave the past scores.
        """
        told = [score for score in scores if score.lead_id in pasts]
        found = changes(
            events,
            moments_frame((score.lead_id, score.moment) for score in told),
            [pasts[score.lead_id] for score in told],
            earlier.scorer,
            self.scorer,
        )
        by_lead = {
            score.lead_id: TextedChange(change, told_change(change, self.wording))
            for score, change in zip(told, found, strict=True)
        }
        return [
            replace(one, change=by_lead.get(one.lead_id, one.change)) for one in scores
        ]

    def _score(
        self,
        lead_id: str,
        moment: datetime,
        score: float,
        base: float,
        reasons: tuple[Reason, ...],
        written: Priority | None,
    ) -> Score:
        texted = tuple(
            TextedReason(one, self.wording.reason(one, moment)) for one in reasons
        )
        doubts = _doubts(score, base, reasons)
        story = Story(
            priority=self.scorer.facts.priority(score, written),
            previous_priority=written or FIRST_PRIORITY,
            grade=self.scorer.facts.grade(score),
            score=score,
            base=base,
            reasons=texted,
            doubts=doubts,
            moment=moment,
        )
        return Score(
            lead_id=lead_id,
            moment=moment,
            score=score,
            base=base,
            grade=story.grade,
            priority=story.priority,
            previous_priority=written or FIRST_PRIORITY,
            reasons=texted,
            other_points=score - base - sum(one.points for one in reasons),
            doubts=tuple(
                TextedDoubt(one, self.wording.doubt(one, partly=bool(reasons)))
                for one in doubts
            ),
            narrative=narrate(story, self.wording),
            model=self.model,
        )


def load_explainer(folder: Path, model: ModelId) -> Explainer:
    """Load a model's files, verified, with the wording of its catalogue.

    Raises
    ------
    ModelRejectedError
        If a file is not the one whose digest `model` carries.
    WordingError
        If an idea of the model's catalogue has no words.
    """
    scorer = load_scorer(folder, model.sha256)
    return Explainer(scorer=scorer, wording=read_wording(scorer.catalogue), model=model)


def _doubts(
    score: float, base: float, reasons: tuple[Reason, ...]
) -> tuple[Doubt, ...]:
    if not reasons:
        return () if abs(score - base) <= NEAR_BASE else (Doubt.NO_TRUE_REASON,)
    strong = {one.way for one in reasons if abs(one.log_odds) >= STRONG}
    return (Doubt.CONTRADICTORY,) if strong == {Way.UP, Way.DOWN} else ()
