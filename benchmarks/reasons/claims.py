"""Claims of reasons about a score, each tested by a second call.

Nothing here asks `explanations` whether a reason holds. A claim is tested as a
stranger would: the lead's events without its evidence, or with its event, are
sent to `POST /v1/scores` again.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks.common.public_scores import Events, Json
from explanations.evidence import evidence_found
from explanations.reason import Evidence
from explanations.scorer import Scorer
from features.snapshot import snapshot

MUST_MOVE = 0.1  # calibrated log-odds (design §6)
TOLERANCE = 1e-6  # log-odds, and points
PLAIN_TOP = 4  # reasons that a plain TreeSHAP stack shows (design §6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """That an idea moves the score of a row, and what it rests on.

    `inserted` is a CloudEvent; `score_without` what the service promised, in
    points; `weight` what TreeSHAP gives it, in log-odds. Neither evidence nor an
    event: nothing can be checked.
    """

    row: int
    idea: str
    is_up: bool
    evidence: frozenset[Evidence]
    inserted: Json | None = None
    score_without: float | None = None
    weight: float | None = None

    @property
    def is_checkable(self) -> bool:
        return bool(self.evidence) or self.inserted is not None

    def changed(self, events: Events) -> Events:
        """The lead's events without the evidence, and with the event put in."""
        put_in = () if self.inserted is None else (self.inserted,)
        left = (_without(event, self.evidence) for event in events)
        return (*(event for event in left if event is not None), *put_in)


@dataclass(frozen=True, slots=True)
class Trial:
    """A claim, and the scores (points) of its two calls."""

    claim: Claim
    score: float
    second: float

    @property
    def moved(self) -> float:
        """Log-odds by which the score moved the way the claim says."""
        moved = log_odds(self.score) - log_odds(self.second)
        return moved if self.claim.is_up else -moved

    @property
    def is_contradicted(self) -> bool:
        return self.moved < MUST_MOVE - TOLERANCE

    @property
    def moved_the_other_way(self) -> bool:
        return self.moved < -TOLERANCE

    @property
    def difference(self) -> float:
        """Points between the second score and the one promised."""
        promised = self.claim.score_without
        return 0.0 if promised is None else abs(self.second - promised)

    @property
    def is_another_score(self) -> bool:
        return self.difference > TOLERANCE


def log_odds(points: float) -> float:
    """The log-odds of a score in points (0 to 100, exclusive).

    Examples
    --------
    >>> log_odds(50.0)
    0.0
    """
    return math.log(points / (100 - points))


def told_claims(scores: Sequence[Json]) -> list[Claim]:
    """What the service's reasons claim, in their order."""
    return [
        Claim(
            row=row,
            idea=reason["idea"],
            is_up=reason["direction"] == "up",
            evidence=frozenset(
                Evidence(piece["source"], piece["event_id"], piece.get("field"))
                for piece in reason["evidence"]
            ),
            inserted=reason.get("inserted"),
            score_without=reason["score_without"],
        )
        for row, score in enumerate(scores)
        for reason in score["reasons"]
    ]


def plain_claims(
    events: pl.DataFrame, moments: pl.DataFrame, scorer: Scorer
) -> Iterator[Claim]:
    """What TreeSHAP alone would tell: the four heaviest ideas, unchecked.

    Each rests on what its own signals read; the context of a life and an absence
    have nothing that could be taken away.
    """
    ideas = list(scorer.catalogue.ideas)
    theirs = events.join(moments, on="lead_id", how="semi")
    seen = snapshot(theirs, moments, scorer.catalogue)
    evidence = evidence_found(seen)
    shares = scorer.contributions_of(scorer.matrix(seen.table, seen.timelines)).by_idea
    for row, weights in enumerate(shares):
        for i in np.argsort(-np.abs(weights), kind="stable")[:PLAIN_TOP].tolist():
            if weights[i] != 0:
                pieces = evidence.of(row, i)
                yield Claim(
                    row=row,
                    idea=ideas[i],
                    is_up=bool(weights[i] > 0),
                    evidence=frozenset(pieces.told(seen.timelines) if pieces else ()),
                    weight=abs(float(weights[i])),
                )


def _without(event: Json, evidence: frozenset[Evidence]) -> Json | None:
    """The event, less its fields that are evidence; None if all of it is."""
    key = (event["source"], event["id"])
    if Evidence(*key) in evidence:
        return None
    gone = {name for name in event["data"] if Evidence(*key, name) in evidence}
    if not gone:
        return event
    left = {name: value for name, value in event["data"].items() if name not in gone}
    return event | {"data": left}
