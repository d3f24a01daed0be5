"""Quality: the model and its baselines, on leads that began later.

    python -m benchmarks.quality --log logs/bpic2012 --moments 1d,3d,7d,14d,21d \\
        --horizon 30d --train-before 2011-12-15 --test-from 2011-12-15

`docs/quality.md` tells the protocol. The last line is one JSON object. With
`--choose` it prints the rolling-origin table instead, and looks at no test lead.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Protocol):
    """The protocol, and what this benchmark makes of it."""

    resamples: int
    choose: bool


@dataclass(frozen=True, slots=True)
class Report:
    """One contestant's figures; `by_moment` is its AUC at each age."""

    name: str
    metrics: dict[str, Interval]
    by_moment: dict[str, float | None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code is 2 where the input doesn't allow it."""
    protocol = _asked(arguments)
    console = Console(width=110)
    try:
        log, catalogue = read_inputs(protocol)
        if protocol.choose:
            _print_choices(console, log, catalogue, protocol)
        else:
            _print_quality(console, log, catalogue, protocol)
    except FreinError as error:
        print(f"quality: {error}", file=sys.stderr)
        return 2
    return 0


def report(answer: Answer, test: pl.DataFrame, protocol: Asked) -> Report:
    """A contestant's figures on the test moments."""
    won = test["won"].to_numpy()
    age = test["moment"] - test["first_at"]
    return Report(
        answer.name,
        bootstrap_intervals(
            test["lead_id"].to_list(),
            won,
            answer.probabilities,
            n_resamples=protocol.resamples,
        ),
        {
            text: _auc_of(
                answer, won, (age == timedelta(days=duration_days(text))).to_numpy()
            )
            for text in protocol.ages
        },
    )


def _auc_of(answer: Answer, won: BoolArray, rows: BoolArray) -> float | None:
    if len(set(won[rows])) < 2:
        return None
    rankings = (Ranking.of(won[rows], p[rows]) for p in answer.probabilities)
    return float(np.mean([ranking.auc() for ranking in rankings]))


def _print_choices(
    console: Console, log: Log, catalogue: Catalogue, protocol: Asked
) -> None:
    rows = choices(
        log,
        catalogue,
        protocol.plan,
        horizon_days=protocol.horizon_days,
        known_at=protocol.train_before,
    )
    table = Table(title="Chosen inside the training part")
    for column in ("candidate", "AUC", "AP", "log loss", "AUC", "AP", "log loss"):
        table.add_column(column, justify="left" if column == "candidate" else "right")
    table.caption = "first three: blocks of time, whole horizon; then: rolling origin"
    for row in track(rows, total=n_choices(catalogue), console=console):
        table.add_row(
            row.name, *(f"{value:.4f}" for value in (*row.blocks, *row.forward))
        )
    console.print(table)


def _print_quality(
    console: Console, log: Log, catalogue: Catalogue, protocol: Asked
) -> None:
    training, test = training_part(log, protocol), test_part(log, protocol)
    console.print(f"training {_size(training)}; test {_size(test)}")
    with console.status("fitting and scoring"):
        exam = Exam.of(log, catalogue, training, test)
        said = answers(log, exam, known_at=protocol.train_before)
        truth = true_answer(protocol.log, test)
        trap = {} if truth is None else _trap_gains(log, exam, said[0], protocol)
        reports = [report(one, test, protocol) for one in (*said, truth) if one]
    console.print(_table(reports), _moments_table(reports, protocol.ages))
    for reading, interval in trap.items():
        console.print(
            f"AUC gained by the trap's signals, read {reading}: {interval.value:+.4f} "
            f"({interval.low:+.4f} to {interval.high:+.4f})"
        )
    fields = {one.name: _fields(one, test) for one in reports}
    print_json(fields | ({"trap": trap} if trap else {}))


def _trap_gains(
    log: Log, exam: Exam, model: Answer, protocol: Asked
) -> dict[str, Interval]:
    """What the fields written over after a sale would add to the model's AUC."""
    readings = {"point in time": False, "as they stand": True}
    return {
        name: gain(
            trapped(log, exam, as_it_stands=naive),
            model,
            exam.test,
            n_resamples=protocol.resamples,
        )
        for name, naive in readings.items()
    }


def _size(moments: pl.DataFrame) -> str:
    return (
        f"{moments['lead_id'].n_unique()} leads, {moments.height} moments, "
        f"{moments['won'].to_numpy().mean():.1%} won"
    )


def _table(reports: Sequence[Report]) -> Table:
    table = Table("", *METRICS, title="Quality, with 95 % intervals by lead")
    for one in reports:
        table.add_row(
            one.name,
            *(f"{i.value:.4f}\n{i.low:.3f}–{i.high:.3f}" for i in one.metrics.values()),
        )
    return table


def _moments_table(reports: Sequence[Report], ages: Sequence[str]) -> Table:
    table = Table("", *ages, title="AUC by age of the lead")
    for one in reports:
        values = [one.by_moment[age] for age in ages]
        table.add_row(one.name, *("–" if v is None else f"{v:.3f}" for v in values))
    return table


def _fields(one: Report, test: pl.DataFrame) -> dict[str, object]:
    return {
        **{name: round(i.value, 6) for name, i in one.metrics.items()},
        "n": test.height,
        "positives": int(test["won"].sum()),
        "auc_by_moment": one.by_moment,
        "intervals": {n: [i.low, i.high] for n, i in one.metrics.items()},
    }


def _asked(arguments: Sequence[str] | None) -> Asked:
    parser = protocol_parser("quality", __doc__)
    parser.add_argument(
        "--resamples", type=at_least(2), default=200, help="of the leads"
    )
    parser.add_argument("--choose", action="store_true", help="compare candidates")
    return Asked(**vars(parsed(parser, arguments)))


if __name__ == "__main__":
    sys.exit(main())
