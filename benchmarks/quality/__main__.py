"""Quality: the model and its baselines, on leads that began later.

    python -m benchmarks.quality --log logs/bpic2012 --moments 1d,3d,7d,14d,21d \\
        --horizon 30d --train-before 2011-12-15 --test-from 2011-12-15

`docs/quality.md` tells the protocol. The last line is one JSON object. With
`--choose` it prints the rolling-origin table instead, and looks at no test lead.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import polars as pl
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.common.command_line import at_least, print_json
from benchmarks.common.protocol import (
    Protocol,
    parsed,
    protocol_parser,
    read_inputs,
    test_part,
    training_part,
)
from benchmarks.quality.choices import choices, n_choices
from benchmarks.quality.contestants import (
    Answer,
    Exam,
    answers,
    gain,
    trapped,
    true_answer,
)
from features.arrays import BoolArray
from features.catalogue import Catalogue
from features.errors import FreinError
from features.log import Log
from features.selector import duration_days
from training.metrics.bootstrap import Interval
from training.metrics.metrics import METRICS, Ranking, bootstrap_intervals


class Report(NamedTuple):
    """One contestant's figures; `by_moment` is its AUC at each age."""

    metrics: dict[str, Interval]
    by_moment: dict[str, float | None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    parser = protocol_parser("quality", __doc__)
    parser.add_argument(
        "--resamples", type=at_least(2), default=200, help="of the leads"
    )
    parser.add_argument("--choose", action="store_true", help="compare candidates")
    options = parsed(parser, arguments)
    console = Console(width=110)
    print_all = _print_choices if options.choose else _print_quality
    try:
        print_all(console, *read_inputs(options), options)
    except FreinError as error:
        print(f"quality: {error}", file=sys.stderr)
        return 2
    return 0


def report(answer: Answer, test: pl.DataFrame, options: Protocol) -> Report:
    """A contestant's figures on the test moments."""
    lead_ids, won = test["lead_id"].to_list(), test["won"].to_numpy()
    age = test["moment"] - test["first_at"]
    rows = {
        text: (age == timedelta(days=duration_days(text))).to_numpy()
        for text in options.ages
    }
    return Report(
        bootstrap_intervals(lead_ids, won, answer, n_resamples=options.resamples),
        {text: _auc_of(answer, won, of_age) for text, of_age in rows.items()},
    )


def _auc_of(answer: Answer, won: BoolArray, rows: BoolArray) -> float | None:
    if len(set(won[rows])) < 2:
        return None
    return float(np.mean([Ranking.of(won[rows], p[rows]).auc() for p in answer]))


def _print_choices(
    console: Console, log: Log, catalogue: Catalogue, options: Protocol
) -> None:
    rows = choices(
        log,
        catalogue,
        options.plan,
        horizon_days=options.horizon_days,
        known_at=options.train_before,
    )
    table = Table(title="Chosen inside the training part")
    for column in ("candidate", "AUC", "AP", "log loss", "AUC", "AP", "log loss"):
        table.add_column(column, justify="left" if column == "candidate" else "right")
    table.caption = "first three: blocks of time, whole horizon; then: rolling origin"
    for row in track(rows, total=n_choices(catalogue), console=console):
        figures = (*row.blocks, *row.forward)
        table.add_row(row.name, *(f"{figure:.4f}" for figure in figures))
    console.print(table)


def _print_quality(
    console: Console, log: Log, catalogue: Catalogue, options: Protocol
) -> None:
    training, test = (p(log, catalogue, options) for p in (training_part, test_part))
    console.print(f"training {_size(training.moments)}; test {_size(test.moments)}")
    with console.status("fitting and scoring"):
        exam = Exam(training, test, catalogue)
        said = answers(log, exam, known_at=options.train_before)
        truth = true_answer(options.log, test.moments)
        trap = _trap_gains(log, exam, said["model"], options) if truth else {}
        reports = {
            name: report(answer, test.moments, options)
            for name, answer in (said | truth).items()
        }
    console.print(*_tables(reports, options.ages))
    for reading, interval in trap.items():
        console.print(
            f"AUC gained by the trap's signals, read {reading}: {interval.value:+.4f} "
            f"({interval.low:+.4f} to {interval.high:+.4f})"
        )
    size = {"n": test.moments.height, "positives": int(test.moments["won"].sum())}
    fields = {name: _fields(figures, size) for name, figures in reports.items()}
    print_json(fields | ({"trap": trap} if trap else {}))


def _trap_gains(
    log: Log, exam: Exam, model: Answer, options: Protocol
) -> dict[str, Interval]:
    """What the fields written over after a sale would add to the model's AUC."""
    readings = {"point in time": False, "as they stand": True}
    return {
        name: gain(
            trapped(log, exam, as_it_stands=naive),
            model,
            exam.test.moments,
            n_resamples=options.resamples,
        )
        for name, naive in readings.items()
    }


def _size(moments: pl.DataFrame) -> str:
    return (
        f"{moments['lead_id'].n_unique()} leads, {moments.height} moments, "
        f"{moments['won'].to_numpy().mean():.1%} won"
    )


def _tables(reports: dict[str, Report], ages: Sequence[str]) -> Iterator[Table]:
    table = Table("", *METRICS, title="Quality, with 95 % intervals by lead")
    by_age = Table("", *ages, title="AUC by age of the lead")
    for name, (metrics, by_moment) in reports.items():
        bounds = [f"{i.value:.4f}\n{i.low:.3f}–{i.high:.3f}" for i in metrics.values()]
        table.add_row(name, *bounds)
        by_age.add_row(
            name, *("–" if v is None else f"{v:.3f}" for v in by_moment.values())
        )
    yield from (table, by_age)


def _fields(report: Report, size: dict[str, int]) -> dict[str, object]:
    return {
        **{name: round(i.value, 6) for name, i in report.metrics.items()},
        **size,
        "auc_by_moment": report.by_moment,
        "intervals": {name: [i.low, i.high] for name, i in report.metrics.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
