"""Speed: ours beside the plain stack that a user would write, in one run.

    python -m benchmarks.speed --log logs/demo

`docs/speed.md` tells what is compared. The plain stack is pandas, `mlflow.pyfunc` and
`shap.TreeExplainer`, without check or text. The last line is one JSON object.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import numpy as np
import polars as pl
from rich.console import Console

from benchmarks.common.calls import Timed, new_key, posting, timed
from benchmarks.common.command_line import at_least, parser_of, print_report
from benchmarks.common.public_scores import bodies_of
from benchmarks.speed.bulk import ours_in_bulk, plain_in_bulk
from benchmarks.speed.cut_leads import EVENTS, copied, cut_leads
from benchmarks.speed.phases import phases
from benchmarks.speed.plain_stack import PlainStack, plain_stack
from benchmarks.speed.report import GOAL, tables
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    parser = parser_of("speed", __doc__)
    parser.add_argument("--log", type=Path, default=Path("logs/demo"))
    parser.add_argument("--leads", type=at_least(1), default=20_000, help="in bulk")
    parser.add_argument(
        "--calls", type=at_least(1), default=500, help="of one lead each"
    )
    options = parser.parse_args(arguments)
    console = Console(width=80)
    return print_report(
        "speed", console, lambda: measured(options, console), tables, hint=HINT
    )


def measured(options: Namespace, console: Console) -> dict[str, Any]:
    """Every figure of the report, with progress on the console.

    The profile comes first: kernels are compiled then, on a machine that is new.
    """
    log = read_log(options.log)
    at = log_end(log).replace(microsecond=0) + timedelta(seconds=1)
    leads = cut_leads(log, at)
    explainer = _explainer(log)
    with TemporaryDirectory(prefix="frein-speed-") as folder:
        bench = _Bench(options, log, leads, at, Path(folder), console)
        by_phase, pred_contrib = bench.profile(explainer)
        stack = plain_stack(explainer.scorer)
        one_lead = bench.one_lead(stack)
        bulk, command = bench.bulk(stack)
    cores = len(os.sched_getaffinity(0))
    return {
        "log": log.about.name,
        "model_version": explainer.model.version,
        "cores": cores,
        "events_a_lead": EVENTS,
        "different_leads": leads["lead_id"].n_unique(),
        "one_lead": one_lead,
        "bulk": bulk,
        "cpu_microseconds_a_lead": {
            "phases": by_phase,
            "all_phases": sum(by_phase.values()),
            "command_net_of_start_up": command,
            # were every core to work all the time
            "allowed_at_10000_leads_per_second": 1e6 * cores / GOAL,
            "lightgbm_pred_contrib": pred_contrib,
        },
    }


@dataclass(frozen=True, slots=True)
class _Bench:
    """The options, the leads at their moment, and a folder for logs."""

    options: Namespace
    log: Log
    leads: pl.DataFrame
    at: datetime
    folder: Path
    console: Console

    def profile(self, explainer: Explainer) -> tuple[dict[str, float], float]:
        n_leads = min(self.options.leads, MOST_PROFILED)
        with self.console.status("profiling"):
            parts = copied(self.leads, n_leads).iter_slices(PART * EVENTS)
            return phases([*parts], self.at, explainer)

    def one_lead(self, stack: PlainStack) -> dict[str, Any]:
        bodies = bodies_of(self.leads, self.at)
        with self.console.status("one lead, ours"):
            ours = self.over_http(bodies)
        with self.console.status("one lead, the plain stack"):
            plain = timed(stack.of_call, bodies, self.options.calls)
        return {
            "ours_over_http": _latency(ours),
            "plain_in_process": _latency(plain),
            **{
                f"plain_over_ours_p{percent}": plain.percentile(percent)
                / ours.percentile(percent)
                for percent in (50, 99)
            },
            "largest_difference_points": _largest(
                [_score(answer) for answer in ours.answers],
                [float(answer.scores[0]) for answer in plain.answers],
            ),
        }

    def over_http(self, bodies: Sequence[bytes]) -> Timed[httpx2.Response]:
        url = f"sqlite:///{self.folder / 'frein.db'}"
        with open_service(Settings(database_url=url)) as service:
            key = new_key(service.store, "benchmark", Scope.SCORES, Actor.PERSON)
        with (
            environment_variable("FREIN_DATABASE_URL", url),
            posting("/v1/scores", key) as post,
        ):
            return timed(post, bodies, self.options.calls)

    def bulk(self, stack: PlainStack) -> tuple[dict[str, Any], float]:
        """The figures of a whole log, and microseconds of processor a lead."""
        known = (self.leads, self.log.about, self.at)
        n_plain = min(self.options.leads, MOST_PLAIN)
        with self.console.status("a log, ours"):
            ours = ours_in_bulk(*known, self.options.leads, self.folder)
        with self.console.status("a log, the plain stack"):
            plain, explained = plain_in_bulk(stack, *known, n_plain, self.folder)
        fields: dict[str, Any] = {"ours": ours.figures, "plain": plain}
        for name in ("", "_net_of_start_up"):
            fields[f"ours{name}_over_plain"] = (
                ours.figures[f"leads_per_second{name}"] / plain["leads_per_second"]
            )
        by_lead = dict(ours.scores.iter_rows())
        fields["largest_difference_points"] = _largest(
            [by_lead[lead] for lead in explained.leads], explained.scores
        )
        return fields, ours.cpu_microseconds_a_lead


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


def _latency(calls: Timed[Any]) -> dict[str, float]:
    percentiles = {f"p{p}_ms": calls.percentile(p) for p in (50, 99)}
    return {"calls": len(calls.answers), **percentiles}


def _score(answer: httpx2.Response) -> float:
    (score,) = answer.json()["scores"]
    return float(score["score"])


def _largest(ours: Sequence[float], plain: Sequence[float] | FloatArray) -> float:
    difference: FloatArray = np.abs(np.subtract(ours, plain))
    return float(difference.max())


if __name__ == "__main__":
    sys.exit(main())
