"""What the bound on the trees' depth costs: tuned under several bounds, on one log.

    python -m benchmarks.depth --log logs/demo --moments 7d,30d,60d --trials 12

Each bound has a study of its own, of the same seed, over the rolling origins of the
log's training part: no test lead is looked at. The last line is one JSON object.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import optuna
import orjson
from rich.console import Console
from rich.table import Table

from features.errors import FreinError
from training.cli.train import read_inputs
from training.evaluation.tuning import Problem, best, problem_of, pruner, tune
from training.fitting.fit import DEEPEST, FitSettings

BOUNDS = (3, DEEPEST, 12)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    asked = _parser().parse_args(arguments)
    try:
        inputs = read_inputs(asked.log, None, asked.horizon, asked.moments, None)
        problem = problem_of(
            inputs.log,
            inputs.catalogue,
            inputs.plan,
            horizon_days=inputs.horizon_days,
            seed=asked.seed,
        )
    except FreinError as error:
        print(f"depth: {error}", file=sys.stderr)
        return 2
    found = {
        bound: tuned(replace(problem, deepest=bound), asked.trials) for bound in BOUNDS
    }
    table = Table("deepest", "mean log loss", "depth of the best", "leaves", "trees")
    for bound, (settings, loss) in found.items():
        counts = settings.max_depth, settings.num_leaves, settings.n_trees
        table.add_row(str(bound), f"{loss:.4f}", *map(str, counts))
    Console(width=110).print(table)
    told = {
        "benchmark": "depth",
        "trials": asked.trials,
        "origins": len(problem.origins),
        "bounds": {
            str(bound): {"log_loss": loss, "settings": asdict(settings)}
            for bound, (settings, loss) in found.items()
        },
    }
    print(orjson.dumps(told).decode())
    return 0


def tuned(problem: Problem, n_trials: int) -> tuple[FitSettings, float]:
    """The best settings under a problem's bound, and their mean log loss in nats."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(pruner=pruner())
    tune(
        study,
        problem,
        n_trials=n_trials,
        goes_on=lambda: True,
        told=lambda _: None,
    )
    return best(study)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.depth")
    parser.add_argument("--log", type=Path, required=True, help="a log's folder")
    parser.add_argument("--moments", help="ages: 7d,30d; else weekly")
    parser.add_argument("--horizon", default="60d")
    parser.add_argument("--trials", type=int, default=12, help="for each bound")
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
