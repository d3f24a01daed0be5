"""Cost of the bound on the trees' depth: tuned under several bounds, on one log.

    python -m benchmarks.depth --log logs/demo --moments 7d,30d,60d --trials 12

Each bound has a study of its own, of the same seed, over the rolling origins of the
log's training part: no test lead is looked at. The last line is one JSON object.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import optuna
from rich.console import Console
from rich.table import Table

from benchmarks.common.command_line import parser_of, print_report
from training.cli.train import read_inputs
from training.evaluation.tuning import Problem, best, problem_of, pruner, tune
from training.fitting.fit import DEEPEST

BOUNDS = (3, DEEPEST, 12)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    parser = parser_of("depth", __doc__)
    parser.add_argument("--log", type=Path, required=True, help="a log's folder")
    parser.add_argument("--moments", help="ages: 7d,30d; else weekly")
    parser.add_argument("--horizon", default="60d")
    parser.add_argument("--trials", type=int, default=12, help="for each bound")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)

    def measure() -> dict[str, Any]:
        inputs = read_inputs(options.log, None, options.horizon, options.moments, None)
        problem = problem_of(
            inputs.log,
            inputs.catalogue,
            inputs.plan,
            horizon_days=inputs.horizon_days,
            seed=options.seed,
        )
        return {
            "benchmark": "depth",
            "trials": options.trials,
            "origins": len(problem.origins),
            "bounds": {
                str(bound): tuned(replace(problem, deepest=bound), options.trials)
                for bound in BOUNDS
            },
        }

    return print_report("depth", Console(width=110), measure, _tables)


def tuned(problem: Problem, n_trials: int) -> dict[str, Any]:
    """The best settings under a problem's bound, and their mean log loss in nats."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(pruner=pruner())
    always, silent = (lambda: True), (lambda _: None)
    tune(study, problem, n_trials=n_trials, goes_on=always, record=silent)
    settings, loss = best(study)
    return {"log_loss": loss, "settings": asdict(settings)}


def _tables(report: dict[str, Any]) -> Iterator[Table]:
    table = Table("deepest", "mean log loss", "depth of the best", "leaves", "trees")
    for bound, study in report["bounds"].items():
        counts = itemgetter("max_depth", "num_leaves", "n_trees")(study["settings"])
        table.add_row(bound, f"{study['log_loss']:.4f}", *map(str, counts))
    yield table


if __name__ == "__main__":
    sys.exit(main())
