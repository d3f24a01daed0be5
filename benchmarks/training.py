"""Cost of a training, from a log on disk to a registered model, and how its cost grows.

    python -m benchmarks.training --leads 10000 100000

Each size is a demo log of its own, trained on in a process of its own, with a real
MLflow store in a temporary folder. `docs/scale.md` tells what came out. The last line
is one JSON object.
"""

import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.common.command_line import (
    BenchmarkError,
    load_average,
    parser_of,
    print_report,
)
from data.generate import generate
from features.log import read_log

SEED = 7
_GIB = 2**30


class Cost(NamedTuple):
    """Of one phase: seconds, processor seconds of all threads, peak resident bytes."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What a training on a log of `leads` and `events` took, by phase, in order."""

    leads: int
    events: int
    phases: dict[str, Cost]

    @property
    def whole(self) -> Cost:
        seconds, cpu_seconds, peak_bytes = zip(*self.phases.values(), strict=True)
        return Cost(sum(seconds), sum(cpu_seconds), max(peak_bytes))


def exponents(small: Training, large: Training) -> dict[str, float]:
    """By phase: k, where processor seconds grow as events to the power of k.

    Examples
    --------
    >>> def took(events: int, seconds: float) -> Training:
    ...     cost = Cost(seconds=seconds, cpu_seconds=seconds, peak_bytes=1)
    ...     return Training(leads=1, events=events, phases={"signals": cost})
    >>> exponents(took(100, 2.0), took(1_000, 20.0))["signals"]
    1.0
    """
    growth = math.log(large.events / small.events)
    return {
        name: math.log(large.phases[name].cpu_seconds / cost.cpu_seconds) / growth
        for name, cost in small.phases.items()
    }


def trained(log: Path) -> Training:
    """Train on a log in a process of its own; raises BenchmarkError."""
    with TemporaryDirectory(prefix="frein-store-") as store:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.training_phases", "--log", str(log)],
            env=os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{store}/mlflow.db"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise BenchmarkError(f"{log}: {done.stderr.strip()}")
    written = orjson.loads(done.stdout.splitlines()[-1])
    events = read_log(log).events
    return Training(
        leads=events["lead_id"].n_unique(),
        events=events.height,
        phases={name: Cost(*cost) for name, cost in written.items()},
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where a log or a training fails."""
    parser = parser_of("training", __doc__)
    parser.add_argument("--leads", type=int, nargs=2, default=[10_000, 100_000])
    parser.add_argument("--logs", type=Path, help="where logs are, and stay; else gone")
    options = parser.parse_args(arguments)
    console = Console(width=88)
    with TemporaryDirectory(prefix="frein-training-") as temporary:
        folder, sizes = options.logs or Path(temporary), sorted(options.leads)

        def measure() -> list[Training]:
            return [_of_size(folder / str(n), n, console) for n in sizes]

        return print_report("training", console, measure, _tables, _fields)


def _of_size(log: Path, leads: int, console: Console) -> Training:
    if not log.exists():
        with console.status(f"generating {leads:,} leads"):
            generate(log, leads=leads, seed=SEED)
    with console.status(f"training on {leads:,} leads"):
        return trained(log)


def _tables(trainings: Sequence[Training]) -> Iterator[Table]:
    small, large = trainings
    table = Table("phase", title="seconds (processor seconds), peak memory")
    for training in trainings:
        table.add_column(f"{training.leads:,} leads", justify="right")
    table.add_column("grows as n^", justify="right")
    grows = exponents(small, large)
    for name, cost in small.phases.items():
        costs = _cell(cost), _cell(large.phases[name])
        table.add_row(name, *costs, f"{grows[name]:.2f}")
    table.add_section()
    table.add_row("whole", _cell(small.whole), _cell(large.whole), "")
    yield table


def _cell(cost: Cost) -> str:
    memory = f"{cost.peak_bytes / _GIB:.2f} GiB"
    return f"{cost.seconds:.1f} ({cost.cpu_seconds:.1f}), {memory}"


def _fields(trainings: Sequence[Training]) -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load_average": load_average(),
        "trainings": [
            {
                "leads": training.leads,
                "events": training.events,
                "whole": _figures(training.whole),
                "phases": {k: _figures(cost) for k, cost in training.phases.items()},
            }
            for training in trainings
        ],
        "exponents": {k: round(v, 3) for k, v in exponents(*trainings).items()},
    }


def _figures(cost: Cost) -> dict[str, float]:
    return {
        "seconds": round(cost.seconds, 2),
        "cpu_seconds": round(cost.cpu_seconds, 2),
        "peak_gib": round(cost.peak_bytes / _GIB, 3),
    }


if __name__ == "__main__":
    sys.exit(main())
