"""`frein drift`, `frein features describe`: what a catalogue reads, and what moves."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.cli.train import LogPlace, key_kinds_of, moment_plan

if TYPE_CHECKING:
    from features.log import AnyLog
    from training.dataset.moments import MomentPlan
    from training.evaluation.catalogue_report import DescribedSignal
    from training.evaluation.drift import Drift
    from training.metrics.population_stability import Stability

features = typer.Typer(help="The signals of a catalogue.", no_args_is_help=True)
drifting = typer.Typer()
out = Console()
err = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]
Moments = Annotated[
    str | None,
    typer.Option(help="Ages at which leads are looked at, 1d,3d,7d; else weekly."),
]
Day = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Else half of the moments are before."),
]


@features.callback()
def group() -> None:
    """The signals of a catalogue."""


@features.command("describe")
def describe(
    log: LogPlace,
    catalogue: Annotated[
        Path | None, typer.Option(help="The signals; else those shipped for the log.")
    ] = None,
    moments: Moments = None,
    split: Day = None,
    as_json: AsJson = False,
) -> None:
    """Every signal: idea, definition, wording, missing rate, drift, and warnings.

    Drift (PSI) is from the moments before a date to those from it on.
    """
    from explanations.wording import kept_wording
    from features.catalogue import read_catalogue, shipped_catalogue
    from features.log import log_in_parts
    from training.evaluation.catalogue_report import as_rows, described, idle_signals
    from training.evaluation.drift import periods

    with err.status("Reading the log…") as status:
        read = log_in_parts(log)
        signals = read_catalogue(catalogue or shipped_catalogue(read.about.name))
        wording = kept_wording(signals)
        status.update("Computing the signals…")
        midnight = split.replace(tzinfo=UTC) if split else None
        parted = periods(read, _plan(read, moments), signals, midnight)
        idle = idle_signals(parted.signals, signals, read.kinds)
        rows = described(parted, signals, wording, idle)
    if as_json:
        typer.echo(json.dumps(list(as_rows(rows)), ensure_ascii=False, indent=1))
    else:
        _print_signals(rows)


@drifting.command("drift")
def drift_command(
    log: LogPlace,
    since: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="Held to what the log has before it."),
    ],
    moments: Moments = None,
    model: Annotated[
        str | None, typer.Option(help="A registered version; else the champion.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What moved since a date: signals, scores, calibration; logged to MLflow."""
    from features.log import log_in_parts
    from training.evaluation.drift import drift as drift_since
    from training.evaluation.drift_run import record_drift, report
    from training.registry.candidates import scorer_of_version
    from training.registry.registry import current_champion, registered

    with err.status("Loading the model…") as status:
        chosen = registered(model) if model else current_champion()
        scorer = scorer_of_version(chosen)
        status.update("Reading the log…")
        read = log_in_parts(log)
        status.update("Comparing…")
        midnight = since.replace(tzinfo=UTC)
        drift = drift_since(read, _plan(read, moments), scorer, midnight)
        status.update("Logging to MLflow…")
        run_id = record_drift(drift, chosen, read, log)
    if as_json:
        typer.echo(json.dumps(report(drift), ensure_ascii=False, indent=1))
    else:
        _print_drift(drift)
        out.print(f"MLflow run {run_id}", highlight=False)


def _plan(log: "AnyLog", moments: str | None) -> "MomentPlan":
    return moment_plan(moments, key_kinds_of(None, log.kinds))


def _print_signals(signals: "tuple[DescribedSignal, ...]") -> None:
    """A table a screen of 60 columns can hold: one section an idea."""
    table = Table(pad_edge=False)
    for name in ("signal", "definition"):
        table.add_column(name, overflow="fold")
    for name in ("missing", "PSI"):
        table.add_column(name, justify="right", no_wrap=True)
    by_idea: dict[tuple[str, str], list[DescribedSignal]] = {}  # adjacent or not
    for signal in signals:
        by_idea.setdefault((signal.idea, signal.wording), []).append(signal)
    for (idea, wording), several in by_idea.items():
        table.add_section()
        table.add_row(f"[bold]{escape(idea)}", f"[bold]{escape(wording)}")
        for signal in several:
            drift = signal.drift
            table.add_row(
                f"{'⚠ ' if signal.warning else ''}{escape(drift.signal)}",
                escape(signal.definition),
                f"{(drift.missing_before + drift.missing_after) / 2:.0%}",
                _index(drift.stability),
            )
    out.print(table)
    for signal in signals:
        if signal.warning:
            warning = f"⚠ {signal.drift.signal}: {signal.warning}"
            out.print(warning, style="yellow", markup=False, highlight=False)


def _index(stability: "Stability") -> str:
    style = {"stable": "none", "shifting": "yellow", "shifted": "bold red"}
    return f"[{style[stability.level]}]{stability.index:.2f}"


def _print_drift(drift: "Drift") -> None:
    table = Table(pad_edge=False)
    table.add_column("signal", overflow="fold")
    for name in ("missing before", "since", "PSI"):
        table.add_column(name, justify="right")
    for signal in sorted(drift.signals, key=lambda signal: -signal.stability.index):
        table.add_row(
            escape(signal.signal),
            f"{signal.missing_before:.0%}",
            f"{signal.missing_after:.0%}",
            _index(signal.stability),
        )
    table.add_section()
    table.add_row("[bold]score", "", "", _index(drift.score))
    out.print(table)
    if drift.months.is_empty():
        out.print("No moment's horizon is over yet: calibration can't be told.")
        return
    table = Table("month", pad_edge=False)
    for name in ("leads", "predicted", "won", "95 % interval"):
        table.add_column(name, justify="right")
    for month in drift.months.iter_rows(named=True):
        within = month["low"] <= month["predicted"] <= month["high"]
        table.add_row(
            month["month"],
            f"{month['leads']:,}",
            f"[{'none' if within else 'bold red'}]{month['predicted']:.1%}",
            f"{month['observed']:.1%}",
            f"{month['low']:.1%} to {month['high']:.1%}",
        )
    out.print(table)
