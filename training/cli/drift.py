"""`frein drift`, `frein features describe`: what a catalogue reads, and what moves."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.cli.train import key_kinds_of, moment_plan

if TYPE_CHECKING:
    from explanations.scorer import Scorer
    from features.log import Log
    from training.dataset.moments import MomentPlan
    from training.evaluation.catalogue_report import Described
    from training.evaluation.drift import Drift
    from training.metrics.population_stability import Stability
    from training.registry.registry import Champion

features = typer.Typer(help="The signals of a catalogue.", no_args_is_help=True)
drifting = typer.Typer()
out = Console()
err = Console(stderr=True)

LogFolder = Annotated[Path, typer.Option("--log", help="The folder of a log.")]
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
    log: LogFolder,
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
    from explanations.wording import read_wording
    from features.catalogue import read_catalogue, shipped_catalogue
    from features.log import read_log
    from training.evaluation.catalogue_report import as_rows, described, idle_signals
    from training.evaluation.drift import periods

    with err.status("Reading the log…") as status:
        read = read_log(log)
        signals = read_catalogue(catalogue or shipped_catalogue(read.about.name))
        wording = read_wording(signals)
        status.update("Computing the signals…")
        parted = periods(read, _plan(read, moments), signals, _midnight(split))
        idle = idle_signals(parted.signals, signals, read.kinds)
        found = described(parted, signals, wording, idle)
    if as_json:
        typer.echo(json.dumps(list(as_rows(found)), ensure_ascii=False, indent=1))
    else:
        _tell_signals(found)


@drifting.command("drift")
def drift(
    log: LogFolder,
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
    from features.log import read_log
    from training.evaluation.drift import drift as drift_of
    from training.evaluation.drift_run import record_drift, report
    from training.registry.registry import current_champion, registered

    with err.status("Loading the model…") as status:
        chosen = registered(model) if model else current_champion()
        scorer = _scorer(chosen)
        status.update("Reading the log…")
        read = read_log(log)
        status.update("Comparing…")
        found = drift_of(read, _plan(read, moments), scorer, since.replace(tzinfo=UTC))
        status.update("Logging to MLflow…")
        run_id = record_drift(found, chosen, read, log)
    if as_json:
        typer.echo(json.dumps(report(found), ensure_ascii=False, indent=1))
    else:
        _tell_drift(found)
        out.print(f"MLflow run {run_id}", highlight=False)


def _scorer(model: "Champion") -> "Scorer":
    from tempfile import TemporaryDirectory

    from explanations.artifact import load_scorer
    from training.registry.registry import download

    with TemporaryDirectory(prefix="frein-model-") as folder:
        return load_scorer(download(model, Path(folder)), model.manifest_sha256)


def _plan(log: "Log", moments: str | None) -> "MomentPlan":
    return moment_plan(moments, key_kinds_of(None, log.kinds))


def _midnight(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _tell_signals(signals: "tuple[Described, ...]") -> None:
    """A table a screen of 60 columns can hold: one section an idea."""
    table = Table(pad_edge=False)
    for name in ("signal", "definition"):
        table.add_column(name, overflow="fold")
    for name in ("missing", "PSI"):
        table.add_column(name, justify="right", no_wrap=True)
    for (idea, wording), several in _by_idea(signals).items():
        table.add_section()
        table.add_row(f"[bold]{escape(idea)}", f"[bold]{escape(wording)}")
        for one in several:
            table.add_row(
                _name(one),
                escape(one.definition),
                f"{(one.drift.missing_before + one.drift.missing_after) / 2:.0%}",
                _index(one.drift.stability),
            )
    out.print(table)
    for one in signals:
        if one.warning:
            told = f"⚠ {one.drift.signal}: {one.warning}"
            out.print(told, style="yellow", markup=False, highlight=False)


def _by_idea(
    signals: "tuple[Described, ...]",
) -> "dict[tuple[str, str], list[Described]]":
    """The signals of each idea and its wording, adjacent in the catalogue or not."""
    several: dict[tuple[str, str], list[Described]] = {}
    for one in signals:
        several.setdefault((one.idea, one.wording), []).append(one)
    return several


def _name(signal: "Described") -> str:
    mark = "⚠ " if signal.warning else ""
    return f"{mark}{escape(signal.drift.signal)}"


def _index(stability: "Stability") -> str:
    style = {"stable": "none", "shifting": "yellow", "shifted": "bold red"}
    return f"[{style[stability.level]}]{stability.index:.2f}"


def _tell_drift(found: "Drift") -> None:
    table = Table(pad_edge=False)
    table.add_column("signal", overflow="fold")
    for name in ("missing before", "since", "PSI"):
        table.add_column(name, justify="right")
    for one in sorted(found.signals, key=lambda one: -one.stability.index):
        table.add_row(
            escape(one.signal),
            f"{one.missing_before:.0%}",
            f"{one.missing_after:.0%}",
            _index(one.stability),
        )
    table.add_section()
    table.add_row("[bold]score", "", "", _index(found.score))
    out.print(table)
    _tell_months(found)


def _tell_months(found: "Drift") -> None:
    if found.months.is_empty():
        out.print("No moment's horizon is over yet: calibration can't be told.")
        return
    table = Table("month", pad_edge=False)
    for name in ("leads", "predicted", "won", "95 % interval"):
        table.add_column(name, justify="right")
    for one in found.months.iter_rows(named=True):
        within = one["low"] <= one["predicted"] <= one["high"]
        table.add_row(
            one["month"],
            f"{one['leads']:,}",
            f"[{'none' if within else 'bold red'}]{one['predicted']:.1%}",
            f"{one['observed']:.1%}",
            f"{one['low']:.1%} to {one['high']:.1%}",
        )
    out.print(table)
