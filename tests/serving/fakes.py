"""Stand-ins for what lives outside the service."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from explanations.reason import Change, Check, Direction, Evidence, Past, Reason
from explanations.score import (
    Doubt,
    Ending,
    Grade,
    ModelId,
    Narrative,
    Priority,
    Score,
    TextedChange,
    TextedDoubt,
    TextedReason,
)
from serving.runtime.served_model import Explains, Registry
from training.errors import ModelUnavailableError

MODEL = ModelId(name="lead-scoring", version="1", sha256="a" * 64)


@dataclass(frozen=True, slots=True)
class CountingExplainer:
    """Scores a lead by how many distinct events were known at the moment."""

    model: ModelId = MODEL

    def scores(
        self,
        events: pl.DataFrame,
        moments: pl.DataFrame,
        previous: Mapping[str, Priority] | None = None,
        closed: Mapping[str, Ending] | None = None,
    ) -> list[Score]:
        return [
            self._score(lead_id, moment, events, (previous or {}).get(lead_id))
            for lead_id, moment in moments.iter_rows()
        ]

    def reads(self, events: pl.DataFrame) -> bool:
        return True

    segment: str | None = None
    kinds: frozenset[str] = frozenset({"loan_asked"})

    def usual_hours(self, segment: str | None) -> dict[str, float]:
        return {}

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
        """Its narrative says who gave the priority, and if a person is called."""
        narrative = replace(
            score.narrative,
            happened="par une personne" if by_person else score.narrative.happened,
            expected="rien" if is_settled else score.narrative.expected,
        )
        return replace(
            score,
            priority=priority,
            previous_priority=previous or Priority.NORMAL,
            narrative=narrative,
        )

    def changed(
        self,
        scores: Sequence[Score],
        events: pl.DataFrame,
        pasts: Mapping[str, Past],
        earlier: "CountingExplainer",
    ) -> list[Score]:
        """Events make all of the change."""
        return [
            replace(score, change=_change(pasts[score.lead_id], score.score))
            if score.lead_id in pasts
            else score
            for score in scores
        ]

    def _score(
        self,
        lead_id: str,
        moment: datetime,
        events: pl.DataFrame,
        written: Priority | None,
    ) -> Score:
        known = events.filter(
            (pl.col("lead_id") == lead_id)
            & (pl.col("occurred_at") <= moment)
            & (pl.col("received_at") <= moment)
        ).unique(["source", "event_id"], maintain_order=True)
        score = score_of(known.height)
        return Score(
            lead_id=lead_id,
            moment=moment,
            score=score,
            base=10.0,
            grade=Grade.A if score > 50 else Grade.D,
            priority=Priority.HIGH if score > 50 else Priority.NORMAL,
            previous_priority=written or Priority.NORMAL,
            reasons=tuple(_reason(row) for row in known.head(1).iter_rows(named=True)),
            other_points=score - 10.0 - (1.0 if known.height else 0.0),
            doubts=(TextedDoubt(Doubt.NO_TRUE_REASON, "Aucune raison vérifiée."),),
            narrative=Narrative(
                happened=f"{known.height} évènements",
                why="pourquoi",
                expected="appel",
                short="bref",
                text="texte",
            ),
            model=self.model,
        )


def score_of(n_events: int) -> float:
    return 100 * (1 - math.exp(-n_events / 200))


def _change(past: Past, after: float) -> TextedChange:
    moved = after - past.score
    change = Change(
        before=past.score, after=after, time=0.0, events=moved, model=0.0, ideas=()
    )
    return TextedChange(change, "Score changé.")


def _reason(row: Mapping[str, Any]) -> TextedReason:
    reason = Reason(
        idea="rythme",
        way=Direction.UP,
        points=1.0,
        log_odds=0.2,
        values={"events": 1.0},
        check=Check.DELETION,
        evidence=(Evidence(row["source"], row["event_id"]),),
        last_at=row["occurred_at"],
        inserted=None,
        score_without=9.0,
    )
    return TextedReason(reason, "un évènement")


@dataclass(slots=True)
class FakeRegistry:
    """A registry whose champion tests set; loading may fail as told."""

    champion: ModelId | None = MODEL
    failures: dict[str, Exception] = field(default_factory=dict)
    loads: list[str] = field(default_factory=list)

    def port(self) -> Registry:
        return Registry(champion=self._champion, load=self._load)

    def _champion(self) -> ModelId:
        if self.champion is None:
            raise ModelUnavailableError("no champion")
        return self.champion

    def _load(self, model: ModelId) -> Explains:
        self.loads.append(model.version)
        if model.version in self.failures:
            raise self.failures[model.version]
        return CountingExplainer(model)


@dataclass(slots=True)
class SetClock:
    """A clock that tests move."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by
