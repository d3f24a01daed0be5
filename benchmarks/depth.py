"""Cost of the bound on the trees' depth: tuned under several bounds, on one log.

    python -m benchmarks.depth --log logs/demo --moments 7d,30d,60d --trials 12

Each bound has a study of its own, of the same seed, over the rolling origins of the
log's training part: no test lead is looked at. The last line is one JSON object.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from rich.console import Console
from rich.table import Table

from benchmarks.common.command_line import parser_of, print_report
from training.cli.train import read_inputs
from training.evaluation.tuning import Problem, best, problem_of, pruner, tune
from training.fitting.fit import DEEPEST, FitSettings

BOUNDS = (3, DEEPEST, 12)


class Report(NamedTuple):
    """The best settings and their loss under each bound."""

    trials: int
    origins: int
    bounds: dict[int, tuple[FitSettings, float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    parser = parser_of("depth", __doc__)
    parser.add_argument("--log", type=Path, required=True, help="a log's folder")
    parser.add_argument("--moments", help="ages: 7d,30d; else weekly")
    parser.add_argument("--horizon", default="60d")
    parser.add_argument("--trials", type=int, default=12, help="for each bound")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)

    def measure() -> Report:
        inputs = read_inputs(asked.log, None, asked.horizon, asked.moments, None)
        problem = problem_of(
            inputs.log,
            inputs.catalogue,
            inputs.plan,
            horizon_days=inputs.horizon_days,
            seed=asked.seed,
        )
        bounds = {n: tuned(replace(problem, deepest=n), asked.trials) for n in BOUNDS}
        return Report(asked.trials, len(problem.origins), bounds)

    return print_report("depth", Console(width=110), measure, _tables, _fields)


def tuned(problem: Problem, n_trials: int) -> tuple[FitSettings, float]:
    """The best settings under a problem's bound, and their mean log loss in nats."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(pruner=pruner())
    always, silent = (lambda: True), (lambda _: None)
    tune(study, problem, n_trials=n_trials, goes_on=always, told=silent)
    return best(study)


def _tables(report: Report) -> Iterator[Table]:
    table = Table("deepest", "mean log loss", "depth of the best", "leaves", "trees")
    for bound, (settings, loss) in report.bounds.items():
        counts = settings.max_depth, settings.num_leaves, settings.n_trees
        table.add_row(str(bound), f"{loss:.4f}", *map(str, counts))
    yield table


def _fields(report: Report) -> dict[str, Any]:
    return {
        "benchmark": "depth",
        "trials": report.trials,
        "origins": report.origins,
        "bounds": {
            str(bound): {"log_loss": loss, "settings": asdict(settings)}
            for bound, (settings, loss) in report.bounds.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
