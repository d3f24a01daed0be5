"""Quality of reasons: are they true, are they enough, do they add up, read well?

    python -m benchmarks.reasons --log logs/bpic2012 --moments 1d,3d,7d,14d,21d \\
        --horizon 30d --train-before 2011-12-15 --test-from 2011-12-15

The model is fitted as `benchmarks.quality` fits it, with one seed. Each told reason
is tested as its reader could: `POST /v1/scores` is called again without the evidence,
or with the event whose absence was told. The last line is one JSON object.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import polars as pl
from rich.console import Console
from rich.progress import track

from benchmarks.common.command_line import at_least, print_report
from benchmarks.common.protocol import (
    Protocol,
    fitted_scorer,
    later_moments,
    parsed,
    protocol_parser,
    read_inputs,
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
from benchmarks.reasons.additions import irrelevant, unread
from benchmarks.reasons.claims import Claim, Trial, plain_claims, told_claims
from benchmarks.reasons.drivers import Agreement, TrueDrivers, agreement, true_drivers
from benchmarks.reasons.grammar import refuse_absent_judge
from benchmarks.reasons.narratives import judged, told_scores
from benchmarks.reasons.report import (
    examples,
    plain_figures,
    score_figures,
    tables,
    told_figures,
)
from explanations.explain import Explainer
from explanations.reason import Past
from explanations.scorer import Scorer, probability
from features.featurise import featurise
from training.dataset.moments import log_end

Item = TypeVar("Item")

SEED = 1
SEEDS = (SEED, 2)  # of the model asked about, and of the one that it replaced
ROWS_AT_ONCE = 1_000  # leads, whose changes are told
ASKED_ALONE = 200  # moments whose score is asked again at the lead's own time


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    parser = protocol_parser("reasons", __doc__)
    parser.add_argument(
        "--most", type=at_least(1), default=5_000, help="moments, at most"
    )
    parser.add_argument(
        "--narratives", type=at_least(0), default=1_000, help="judged; or 0"
    )
    options = parsed(parser, arguments)
    console = Console(width=110)
    return print_report("reasons", console, lambda: measured(options, console), tables)


def measured(options: Protocol, console: Console) -> Json:
    """Every figure of the report, with progress on the console."""
    if options.narratives:
        refuse_absent_judge()
    log, catalogue = read_inputs(options)
    every = later_moments(log, options)
    drivers = true_drivers(
        options.log, test_from=options.test_from, most=options.most, seed=SEED
    )
    with console.status("fitting"):
        scorer, earlier = (fitted_scorer(log, catalogue, options, s) for s in SEEDS)
    moments = _sample(every, options.most)
    console.print(f"{moments.height} moments of {moments['lead_id'].n_unique()} leads")
    with public_scores(scorer, log_end(log)) as service:
        bench = _Bench(service, earlier, log.events, moments, console)
        narrated = _sample(every, options.narratives)
        pairs = _sample(first_and_last(every), options.most)
        return {"log": log.about.name} | bench.report(narrated, pairs, drivers)


def first_and_last(moments: pl.DataFrame) -> pl.DataFrame:
    """Leads with two moments or more, of MOMENT_SCHEMA: their `then` and `last`."""
    moment = pl.col("moment")
    ends = moments.group_by("lead_id", maintain_order=True)
    return ends.agg(then=moment.min(), last=moment.max()).filter(
        pl.col("then") < pl.col("last")
    )


def change_errors(
    events: pl.DataFrame, pairs: pl.DataFrame, earlier: Explainer, now: Explainer
) -> dict[str, float]:
    """The largest errors, in points, where `now` tells why its scores moved.

    `additivity`: the score before and the three parts against the score after;
    `ends`: the two scores told against what each model says itself. `events` are of
    EVENT_SCHEMA; `pairs` are `lead_id`, `then` and `last`, one row a lead.
    """
    sums, ends = [0.0], [0.0]
    for some in pairs.iter_slices(ROWS_AT_ONCE):
        before = earlier.scores(events, some.select("lead_id", moment="then"))
        pasts = {score.lead_id: Past(score.score, score.moment) for score in before}
        after = now.scores(events, some.select("lead_id", moment="last"))
        for told in now.changed(after, events, pasts, earlier):
            assert told.change is not None, f"{told.lead_id}: no change told"
            change = told.change.change
            parts = change.time + change.events + change.model
            sums.append(abs(change.before + parts - told.score))
            ends.append(abs(change.before - pasts[told.lead_id].score))
            ends.append(abs(change.after - told.score))
    return {"changes": pairs.height, "additivity": max(sums), "ends": max(ends)}


@dataclass(frozen=True)
class _Bench:
    """The service, the model it had before, and moments that it is asked about."""

    service: PublicScores
    earlier: Scorer
    events: pl.DataFrame
    moments: pl.DataFrame
    console: Console

    @property
    def scorer(self) -> Scorer:
        return self.service.explainer.scorer

    @cached_property
    def known(self) -> list[Life]:
        return lives(self.events, self.moments, self.service.at)

    @cached_property
    def scores(self) -> list[Json]:
        return self.answers([life.events for life in self.known], "scores")

    def report(
        self, narrated: pl.DataFrame, pairs: pl.DataFrame, drivers: TrueDrivers | None
    ) -> Json:
        told = self.tested(told_claims(self.scores), "told reasons")
        claims = list(plain_claims(self.events, self.moments, self.scorer))
        checkable = [claim for claim in claims if claim.is_checkable]
        plain = self.tested(checkable, "plain TreeSHAP")
        return {
            "moments": len(self.scores),
            "leads": len({life.lead_id for life in self.known}),
            **told_figures(told),
            "plain_treeshap_top_4": plain_figures(plain, len(claims)),
            **score_figures(self.scores),
            "changes": self.changes(pairs),
            "score_against_predict_points": self.predict_error(),
            "lives_told_otherwise_in_their_own_time": self.moved_in_time(),
            "top_reason_flips": self.flips(),
            "true_drivers": drivers and asdict(self.agreement(drivers)),
            "narratives": self.judged(narrated) if narrated.height else None,
            "contradicted": list(examples(told, self.known, self.service.at)),
        }

    def answers(self, leads: Sequence[Events], what: str) -> list[Json]:
        return list(self._tracked(self.service.of(leads), len(leads), what))

    def tested(self, claims: Sequence[Claim], what: str) -> list[Trial]:
        """Each claim and the second call's score."""
        leads = [claim.changed(self.known[claim.row].events) for claim in claims]
        return [
            Trial(claim, self.scores[claim.row]["score"], answer["score"])
            for claim, answer in zip(claims, self.answers(leads, what), strict=True)
        ]

    def predict_error(self) -> float:
        """The largest difference, in points, from what the booster predicts."""
        signals = featurise(self.events, self.moments, self.scorer.catalogue)
        predicted = 100 * probability(self.scorer.log_odds(signals))
        return float(
            np.abs(predicted - [score["score"] for score in self.scores]).max()
        )

    def changes(self, pairs: pl.DataFrame) -> dict[str, float]:
        now = self.service.explainer
        earlier = replace(now, scorer=self.earlier)
        with self.console.status("why scores changed"):
            return change_errors(self.events, pairs, earlier, now)

    def moved_in_time(self) -> int:
        """How many lives, of the first few, differ when told in their own time."""
        few = self.known[:ASKED_ALONE]
        alone = (
            self.service.alone(
                moved_back(life.events, life, self.service.at), life.moment
            )
            for life in few
        )
        answers = self._tracked(alone, len(few), "in their own time")
        pairs = zip(answers, self.scores, strict=False)
        return sum(not _is_same(answer, score) for answer, score in pairs)

    def flips(self) -> Json:
        """Shares of moments whose first reason changes once an event is added."""
        at = self.service.at
        added, read_by = irrelevant(self.events, self.moments, self.scorer, at)
        return {
            "unread_event_added": self.flipped(unread(at)),
            "irrelevant_event_added": self.flipped(added),
            "irrelevant_event": added["type"],
            "irrelevant_event_actor": added["actor"],
            "irrelevant_event_read_by": read_by,
        }

    def flipped(self, added: Json) -> float:
        leads = [(*life.events, added) for life in self.known]
        answers = self.answers(leads, f"and one {added['type']}")
        pairs = zip(answers, self.scores, strict=True)
        return sum(_first(a) != _first(b) for a, b in pairs) / len(leads)

    def agreement(self, drivers: TrueDrivers) -> Agreement:
        known = lives(self.events, drivers.moments, self.service.at)
        told = self.answers([life.events for life in known], "true drivers")
        firsts = [_first(score) for score in told]
        claims = plain_claims(self.events, drivers.moments, self.scorer)
        plain = {claim.row: claim.idea for claim in reversed([*claims])}
        return agreement(
            drivers,
            [first and first[0] for first in firsts],
            [plain.get(row) for row in range(len(told))],
        )

    def judged(self, moments: pl.DataFrame) -> Json:
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


def _is_same(score: Json, other: Json) -> bool:
    ideas, other_ideas = (
        [reason["idea"] for reason in told["reasons"]] for told in (score, other)
    )
    return ideas == other_ideas and abs(score["score"] - other["score"]) <= 1e-9


def _sample(moments: pl.DataFrame, most: int) -> pl.DataFrame:
    return moments.sample(min(most, moments.height), shuffle=True, seed=SEED)


if __name__ == "__main__":
    sys.exit(main())
