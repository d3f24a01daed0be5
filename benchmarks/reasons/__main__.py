"""Reasons: are the told ones true, are they enough, do they add up, read well?

    python -m benchmarks.reasons --log logs/bpic2012 --moments 1d,3d,7d,14d,21d \\
        --horizon 30d --train-before 2011-12-15 --test-from 2011-12-15

The model is fitted as `benchmarks.quality` fits it, with one seed. Each told reason
is tested as its reader could: `POST /v1/scores` is called again without the evidence,
or with the event whose absence was told. The last line is one JSON object.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import numpy as np
import orjson
import polars as pl
from rich.console import Console
from rich.progress import track

from benchmarks.common.protocol import (
    Protocol,
    parsed,
    protocol_parser,
    read_inputs,
    training_part,
)
from benchmarks.common.public_scores import (
    Events,
    Json,
    Life,
    PublicScores,
    lives,
    moved_back,
    public_scores,
)
from benchmarks.reasons.additions import Added, irrelevant, unread
from benchmarks.reasons.changes import ChangeErrors, change_errors, first_and_last
from benchmarks.reasons.claims import Claim, Trial, plain_claims, told_claims
from benchmarks.reasons.drivers import Agreement, TrueDrivers, agreement, true_drivers
from benchmarks.reasons.grammar import JudgeAbsentError, refuse_absent_judge
from benchmarks.reasons.narratives import Judged, judged, told_scores
from benchmarks.reasons.report import Report, fields, tables
from explanations.scorer import Scorer, probability
from features.catalogue import Catalogue
from features.errors import FreinError
from features.featurise import featurise
from features.log import Log
from training.dataset.delays import usual_delays
from training.dataset.moments import lead_lives, log_end
from training.errors import TrainingError
from training.fitting.fit import FitSettings, fit
from training.fitting.train import scorer_of

Item = TypeVar("Item")

SEED = 1
SEEDS = (SEED, 2)  # of the model asked about, and of the one that it replaced
ASKED_ALONE = 200  # moments whose score is asked again at the lead's own time


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Protocol):
    """The protocol, and what this benchmark makes of it."""

    most: int
    narratives: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    asked = _asked(arguments)
    console = Console(width=110)
    try:
        if asked.narratives:
            refuse_absent_judge()
        report = measured(asked, console)
    except (FreinError, JudgeAbsentError) as error:
        print(f"reasons: {error}", file=sys.stderr)
        return 2
    console.print(*tables(report))
    print(orjson.dumps(fields(report)).decode())
    return 0


def measured(asked: Asked, console: Console) -> Report:
    """Every figure of the report, with progress on the console."""
    log, catalogue = read_inputs(asked)
    every = open_moments(log, asked)
    drivers = true_drivers(
        asked.log, test_from=asked.test_from, most=asked.most, seed=SEED
    )
    with console.status("fitting"):
        scorer, earlier = (fitted_scorer(log, catalogue, asked, s) for s in SEEDS)
    moments = _sample(every, asked.most)
    console.print(f"{moments.height} moments of {moments['lead_id'].n_unique()} leads")
    with public_scores(scorer, log_end(log)) as service:
        bench = _Bench(service, earlier, log.events, console)
        return bench.report(
            moments,
            _sample(every, asked.narratives),
            _sample(first_and_last(every), asked.most),
            drivers,
            log.about.name,
        )


def open_moments(log: Log, asked: Protocol) -> pl.DataFrame:
    """Moments of the open life of leads that began at or after `test_from`.

    A reason needs no label: a moment counts although its horizon isn't over.
    """
    ages = pl.DataFrame(
        {"age": [timedelta(days=days) for days in asked.plan.ages_days]}
    )
    until = log_end(log)
    moment = pl.col("moment")
    found = (
        lead_lives(log, known_at=until)
        .filter(pl.col("first_at") >= asked.test_from)
        .join(ages, how="cross")
        .with_columns(moment=pl.col("first_at") + pl.col("age"))
        .filter((moment < pl.col("ended_at")) | pl.col("ended_at").is_null())
        .filter(moment <= until)
        .select("lead_id", "moment")
    )
    if found.is_empty():
        raise TrainingError(
            f"no lead that began at or after {asked.test_from:%Y-%m-%d} was open at "
            "any of the moments: give an earlier --test-from, or earlier --moments"
        )
    return found


def fitted_scorer(log: Log, catalogue: Catalogue, asked: Protocol, seed: int) -> Scorer:
    """A scorer of what was known at `train_before`."""
    training = training_part(log, asked)
    signals = featurise(log.events, training.select("lead_id", "moment"), catalogue)
    fitted = fit(signals, training, catalogue, FitSettings(), seed=seed)
    delays = usual_delays(log.events, catalogue, known_at=asked.train_before)
    return scorer_of(fitted, training, catalogue, delays, asked.horizon_days)


@dataclass(frozen=True, slots=True)
class _Bench:
    """The service, the model it had before, and the log it is asked about."""

    service: PublicScores
    earlier: Scorer
    events: pl.DataFrame
    console: Console

    @property
    def scorer(self) -> Scorer:
        return self.service.explainer.scorer

    def report(
        self,
        moments: pl.DataFrame,
        narrated: pl.DataFrame,
        pairs: pl.DataFrame,
        drivers: TrueDrivers | None,
        name: str,
    ) -> Report:
        known = lives(self.events, moments, self.service.at)
        scores = self.answers([life.events for life in known], "scores")
        claims = list(plain_claims(self.events, moments, self.scorer))
        checkable = [claim for claim in claims if claim.is_checkable]
        added = irrelevant(self.events, moments, self.scorer, self.service.at)
        return Report(
            log=name,
            at=self.service.at,
            lives=known,
            scores=scores,
            told=self.tested(told_claims(scores), known, scores, "told reasons"),
            plain=self.tested(checkable, known, scores, "plain TreeSHAP"),
            n_plain=len(claims),
            changes=self.changes(pairs),
            predict_error=self.predict_error(moments, scores),
            moved_in_time=self.moved_in_time(known, scores),
            unread_flips=self.flips(unread(self.service.at), known, scores),
            irrelevant=added,
            irrelevant_flips=self.flips(added, known, scores),
            agreement=self.agreement(drivers) if drivers else None,
            judged=self.judged(narrated) if narrated.height else None,
        )

    def answers(self, leads: Sequence[Events], what: str) -> list[Json]:
        return list(self._tracked(self.service.of(leads), len(leads), what))

    def tested(
        self,
        claims: Sequence[Claim],
        known: Sequence[Life],
        scores: Sequence[Json],
        what: str,
    ) -> list[Trial]:
        """Each claim and the second call's score."""
        changed = (claim.changed(known[claim.row].events) for claim in claims)
        second = self._tracked(self.service.of(changed), len(claims), what)
        return [
            Trial(claim, scores[claim.row]["score"], answer["score"])
            for claim, answer in zip(claims, second, strict=True)
        ]

    def predict_error(self, moments: pl.DataFrame, scores: Sequence[Json]) -> float:
        """The largest difference, in points, from what the booster predicts."""
        signals = featurise(self.events, moments, self.scorer.catalogue)
        predicted = 100 * probability(self.scorer.log_odds(signals))
        return float(np.abs(predicted - [score["score"] for score in scores]).max())

    def changes(self, pairs: pl.DataFrame) -> ChangeErrors:
        now = self.service.explainer
        earlier = replace(now, scorer=self.earlier)
        with self.console.status("why scores changed"):
            return change_errors(self.events, pairs, earlier, now)

    def moved_in_time(self, known: Sequence[Life], scores: Sequence[Json]) -> int:
        """How many lives, of the first few, differ when told in their own time."""
        pairs = list(zip(known, scores, strict=True))[:ASKED_ALONE]
        alone = (
            self.service.alone(
                moved_back(life.events, life, self.service.at), life.moment
            )
            for life, _ in pairs
        )
        answers = self._tracked(alone, len(pairs), "in their own time")
        return sum(
            not _is_same(answer, score)
            for answer, (_, score) in zip(answers, pairs, strict=True)
        )

    def flips(
        self, added: Added, known: Sequence[Life], scores: Sequence[Json]
    ) -> float:
        """The share of moments whose first reason changes once the event is added."""
        what = f"and one {added.event['type']}"
        leads = ((*life.events, added.event) for life in known)
        answers = self._tracked(self.service.of(leads), len(known), what)
        pairs = zip(answers, scores, strict=True)
        return sum(_first(a) != _first(b) for a, b in pairs) / len(known)

    def agreement(self, drivers: TrueDrivers) -> Agreement:
        known = lives(self.events, drivers.moments, self.service.at)
        told = self.answers([life.events for life in known], "true drivers")
        plain: dict[int, str] = {}
        for claim in plain_claims(self.events, drivers.moments, self.scorer):
            plain.setdefault(claim.row, claim.idea)
        firsts = [_first(score) for score in told]
        return agreement(
            drivers,
            [first and first[0] for first in firsts],
            [plain.get(row) for row in range(len(told))],
        )

    def judged(self, moments: pl.DataFrame) -> Judged:
        told = told_scores(self.service.explainer, self.events, moments)
        several = list(self._tracked(told, moments.height, "narratives"))
        with self.console.status("judging"):
            return judged(several, self.service.explainer)

    def _tracked(
        self, several: Iterator[Item], total: int, what: str
    ) -> Iterator[Item]:
        yield from track(several, what, total=total, console=self.console)


def _first(score: Json) -> tuple[str, str] | None:
    """The first reason's idea and direction."""
    reasons = score["reasons"]
    return (reasons[0]["idea"], reasons[0]["direction"]) if reasons else None


def _is_same(one: Json, other: Json) -> bool:
    ideas = [[reason["idea"] for reason in score["reasons"]] for score in (one, other)]
    return ideas[0] == ideas[1] and abs(one["score"] - other["score"]) <= 1e-9


def _sample(moments: pl.DataFrame, most: int) -> pl.DataFrame:
    return moments.sample(min(most, moments.height), shuffle=True, seed=SEED)


def _asked(arguments: Sequence[str] | None) -> Asked:
    parser = protocol_parser("reasons", __doc__)
    parser.add_argument("--most", type=int, default=5_000, help="moments, at most")
    parser.add_argument("--narratives", type=int, default=1_000, help="judged; or 0")
    asked = Asked(**vars(parsed(parser, arguments)))
    if asked.most < 1:
        parser.error("--most: nothing is measured on no moment")
    if asked.narratives < 0:
        parser.error("--narratives: a number of narratives, or 0")
    return asked


if __name__ == "__main__":
    sys.exit(main())
