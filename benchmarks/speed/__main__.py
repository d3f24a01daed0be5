"""Speed: ours beside the plain stack that a user would write, in one run.

    python -m benchmarks.speed --log logs/demo

`docs/speed.md` tells what is compared. The plain stack is pandas, `mlflow.pyfunc` and
`shap.TreeExplainer`, without check or text. The last line is one JSON object.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx2
import numpy as np
import polars as pl
from rich.console import Console

from benchmarks.common.calls import Timed, new_key, posting, timed
from benchmarks.common.command_line import at_least, parser_of, print_report
from benchmarks.common.public_scores import bodies_of
from benchmarks.speed.bulk import OursInBulk, PlainInBulk, ours_in_bulk, plain_in_bulk
from benchmarks.speed.cut_leads import copied, cut_leads, in_parts
from benchmarks.speed.phases import Phases, phases
from benchmarks.speed.plain_stack import PlainStack, plain_stack
from benchmarks.speed.report import Report, fields, tables
from explanations.explain import Explainer
from features.arrays import FloatArray
from features.event import Actor
from features.log import Log, read_log
from serving.app.startup import open_service
from serving.repositories.api_keys import Scope
from serving.runtime.settings import Settings
from serving.runtime.worker_process import environment_variable
from serving.scoring.model_registry import mlflow_registry
from training.dataset.moments import log_end
from training.errors import ModelUnavailableError
from training.registry.registry import has_champion

MOST_PLAIN = 2_000  # leads: the plain stack takes its time
PART = 1_000  # leads read at once, as the command does
MOST_PROFILED = 5 * PART
HINT = "\n`frein demo --prepare-only` makes the demo log and its model"


class Asked(NamedTuple):
    """What is measured: copies of the log's leads, in bulk and in calls."""

    log: Path
    leads: int
    calls: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    asked = _asked(arguments)
    console = Console(width=80)
    return print_report(
        "speed", console, lambda: measured(asked, console), tables, fields, hint=HINT
    )


def measured(asked: Asked, console: Console) -> Report:
    """Every figure of the report, with progress on the console.

    The profile comes first: kernels are compiled then, on a machine that is new.
    """
    log = read_log(asked.log)
    at = log_end(log).replace(microsecond=0) + timedelta(seconds=1)
    leads = cut_leads(log, at)
    explainer = _explainer(log)
    with TemporaryDirectory(prefix="frein-speed-") as folder:
        bench = _Bench(asked, log, leads, at, Path(folder), console)
        profile = bench.profile(explainer)
        stack = plain_stack(explainer.scorer)
        one_ours, one_plain = bench.one_lead(stack)
        bulk_ours, bulk_plain = bench.bulk(stack)
    return Report(
        log=log.about.name,
        model_version=explainer.model.version,
        cores=len(os.sched_getaffinity(0)),
        different_leads=leads["lead_id"].n_unique(),
        one_ours=one_ours,
        one_plain=one_plain,
        bulk_ours=bulk_ours,
        bulk_plain=bulk_plain,
        phases=profile,
        differences=(
            _largest(one_ours.answers, one_plain.answers),
            _largest(*_both(bulk_ours, bulk_plain)),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Bench:
    """What is asked, the leads at their moment, and a folder for logs."""

    asked: Asked
    log: Log
    leads: pl.DataFrame
    at: datetime
    folder: Path
    console: Console

    def profile(self, explainer: Explainer) -> Phases:
        n_leads = min(self.asked.leads, MOST_PROFILED)
        with self.console.status("profiling"):
            parts = in_parts(copied(self.leads, n_leads), PART)
            return phases(parts, self.at, explainer)

    def one_lead(self, stack: PlainStack) -> tuple[Timed[float], Timed[float]]:
        bodies = bodies_of(self.leads, self.at)
        with self.console.status("one lead, ours"):
            ours = self.over_http(bodies)
        with self.console.status("one lead, the plain stack"):
            plain = timed(stack.of_call, bodies, self.asked.calls)
        return (
            Timed([_score(one) for one in ours.answers], ours.milliseconds),
            Timed([float(one.scores[0]) for one in plain.answers], plain.milliseconds),
        )

    def over_http(self, bodies: Sequence[bytes]) -> Timed[httpx2.Response]:
        url = f"sqlite:///{self.folder / 'frein.db'}"
        with open_service(Settings(database_url=url)) as service:
            key = new_key(service.store, "benchmark", Scope.SCORES, Actor.PERSON)
        with (
            environment_variable("FREIN_DATABASE_URL", url),
            posting("/v1/scores", key) as post,
        ):
            return timed(post, bodies, self.asked.calls)

    def bulk(self, stack: PlainStack) -> tuple[OursInBulk, PlainInBulk]:
        known = (self.leads, self.log.about, self.at)
        n_plain = min(self.asked.leads, MOST_PLAIN)
        with self.console.status("a log, ours"):
            ours = ours_in_bulk(*known, self.asked.leads, self.folder)
        with self.console.status("a log, the plain stack"):
            plain = plain_in_bulk(stack, *known, n_plain, self.folder)
        return ours, plain


def _explainer(log: Log) -> Explainer:
    """The champion, if it was made for such a log."""
    if not has_champion():
        raise ModelUnavailableError("the registry has no champion")
    registry = mlflow_registry()
    explainer = registry.load(registry.champion())
    assert isinstance(explainer, Explainer)
    if not explainer.reads(log.events):
        raise ModelUnavailableError(
            f"the champion was trained on another sort of log than {log.about.name!r}"
        )
    return explainer


def _score(answer: httpx2.Response) -> float:
    (score,) = answer.json()["scores"]
    return float(score["score"])


def _both(ours: OursInBulk, plain: PlainInBulk) -> tuple[Sequence[float], ...]:
    """The scores of the leads that both have explained."""
    explained = plain.explained
    by_lead = dict(ours.scores.iter_rows())
    return [by_lead[lead] for lead in explained.leads], explained.scores.tolist()


def _largest(one: Sequence[float], other: Sequence[float]) -> float:
    difference: FloatArray = np.abs(np.subtract(one, other))
    return float(difference.max())


def _asked(arguments: Sequence[str] | None) -> Asked:
    parser = parser_of("speed", __doc__)
    parser.add_argument("--log", type=Path, default=Path("logs/demo"))
    parser.add_argument("--leads", type=at_least(1), default=20_000, help="in bulk")
    parser.add_argument(
        "--calls", type=at_least(1), default=500, help="of one lead each"
    )
    return Asked(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
