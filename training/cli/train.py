"""`frein train`: from a log to a registered model."""

from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from features.catalogue import Catalogue
    from features.log import AnyLog, Location
    from training.dataset.moments import MomentPlan
    from training.fitting.boosting import Engine
    from training.fitting.train import Trained

USUAL_KEY_KINDS = ("email_replied", "meeting_held")

train = typer.Typer()
out = Console()
err = Console(stderr=True)


LogPlace = Annotated[
    str, typer.Option("--log", help="A log: a folder, or s3://bucket/prefix.")
]
CatalogueFile = Annotated[
    Path | None, typer.Option(help="The signals; else those shipped for the log.")
]
Horizon = Annotated[str, typer.Option(help="Won within this time counts as won: 60d.")]
Moments = Annotated[
    str | None,
    typer.Option(help="Ages at which leads are scored, 1d,3d,7d; else weekly."),
]
KeyKinds = Annotated[
    str | None,
    typer.Option(
        help="Kinds of event after which a lead is scored as well; else replies "
        "and meetings, where the log has them."
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same model.")]


class EngineName(StrEnum):
    """What does the heavy work."""

    LOCAL = "local"
    DASK = "dask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a training or a tuning is asked to learn from, and to foretell."""

    log: "AnyLog"
    catalogue: "Catalogue"
    plan: "MomentPlan"
    horizon_days: float


@train.command("train")
def train_model(
    log: LogPlace,
    catalogue: CatalogueFile = None,
    horizon: Horizon = "60d",
    moments: Moments = None,
    key_kinds: KeyKinds = None,
    settings: Annotated[
        Path | None,
        typer.Option(help="Settings of the fit, as `frein tune` writes; else ours."),
    ] = None,
    seed: Seed = 1,
    engine: Annotated[
        EngineName, typer.Option(help="This machine, or a Dask cluster.")
    ] = EngineName.LOCAL,
    scheduler: Annotated[
        str | None,
        typer.Option(help="The cluster's address: tcp://10.0.0.5:8786.", metavar="URL"),
    ] = None,
) -> str:
    """Train, measure on the newest leads, log to MLflow and register.

    The first model registered becomes the champion; a later one the challenger, which
    `frein promote` puts to the gate.
    """
    from training.fitting.fit import FitSettings
    from training.fitting.settings_file import read_settings
    from training.fitting.train import TrainSettings
    from training.fitting.train import train as trained_on
    from training.promotion.promotion import place
    from training.registry.registry import refuse_unwritable
    from training.registry.training_run import record_training

    fit = read_settings(settings) if settings else FitSettings()
    refuse_unwritable()
    with (
        err.status("Reading the log…") as status,
        _engine(engine, scheduler, log) as (read, machine),
    ):
        inputs = inputs_of(read, catalogue, horizon, moments, key_kinds)
        train_settings = TrainSettings(
            plan=inputs.plan, horizon_days=inputs.horizon_days, fit=fit, seed=seed
        )
        trained = trained_on(
            inputs.log,
            inputs.catalogue,
            train_settings,
            phase=lambda name: status.update(f"Training: {name}…"),
            engine=machine,
        )
        status.update("Logging to MLflow…")
        version = record_training(trained, inputs.log, log, train_settings)
        is_champion = place(version.version, now=datetime.now(UTC))
    _warn_of_idle(trained, inputs.log.kinds)
    _print_quality(trained)
    becomes = "champion" if is_champion else "challenger: see `frein promote`"
    out.print(f"{version.name} version {version.version}, {becomes}")
    return version.version


@contextmanager
def _engine(
    name: EngineName, scheduler: str | None, log: str
) -> "Iterator[tuple[AnyLog, Engine]]":
    """The log and what works on it; raises BadParameter where none is named so."""
    if (name is EngineName.DASK) != (scheduler is not None):
        raise typer.BadParameter("--engine dask and --scheduler URL go together")
    if scheduler is None:
        from features.log import log_in_parts
        from training.fitting.boosting import OneMachine

        read = log_in_parts(log)
        yield read, OneMachine(read)
        return
    try:
        from training.fitting.dask_engine import cluster_of
    except ImportError as error:
        raise typer.BadParameter(
            f"--engine dask needs `pip install frein[scale]` ({error})"
        ) from error
    with cluster_of(log, scheduler) as log_and_cluster:
        yield log_and_cluster


def read_inputs(
    log: "Location",
    catalogue: Path | None,
    horizon: str,
    moments: str | None,
    key_kinds: str | None,
) -> Inputs:
    """What the options name, of a log on disk; raises as `inputs_of`, or LogError."""
    from features.log import log_in_parts

    return inputs_of(log_in_parts(log), catalogue, horizon, moments, key_kinds)


def inputs_of(
    read: "AnyLog",
    catalogue: Path | None,
    horizon: str,
    moments: str | None,
    key_kinds: str | None,
) -> Inputs:
    """What the options name; raises FreinError, or BadParameter, where they can't be.

    A model that can't speak is not worth training: wording is held to the catalogue.
    """
    from explanations.wording import kept_wording
    from features.catalogue import read_catalogue, shipped_catalogue

    signals = read_catalogue(catalogue or shipped_catalogue(read.about.name))
    kept_wording(signals)
    return Inputs(
        log=read,
        catalogue=signals,
        plan=moment_plan(moments, key_kinds_of(key_kinds, read.kinds)),
        horizon_days=_days(horizon),
    )


def moment_plan(moments: str | None, key_kinds: tuple[str, ...]) -> "MomentPlan":
    """The plan that `--moments` names, weekly if it names none."""
    from training.dataset.moments import MomentPlan, weekly_plan

    if moments is None:
        return weekly_plan(key_kinds=key_kinds)
    ages = tuple(_days(age) for age in moments.split(","))
    return MomentPlan(ages_days=ages, key_kinds=key_kinds)


def key_kinds_of(named: str | None, of_log: Set[str]) -> tuple[str, ...]:
    """The kinds that `--key-kinds` names, else the usual ones that the log has."""
    if named is None:
        return tuple(kind for kind in USUAL_KEY_KINDS if kind in of_log)
    kinds = tuple(kind.strip() for kind in named.split(",") if kind.strip())
    for kind in kinds:
        if kind not in of_log:
            raise typer.BadParameter(f"--key-kinds: no event of the log is {kind!r}")
    return kinds


def _days(text: str) -> float:
    from features.selector import duration_days

    try:
        return duration_days(text.strip())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _warn_of_idle(trained: "Trained", kinds: Set[str]) -> None:
    """Warn of signals that taught nothing; opinions come from the service, later."""
    from features.event import OPINION_KINDS
    from training.evaluation.catalogue_report import idle_signals

    signals = trained.scorer.catalogue.signals
    idle = idle_signals(trained.signals, trained.scorer.catalogue, kinds)
    for signal in signals:
        if signal.name in idle and not signal.kinds <= OPINION_KINDS:
            warning = f"⚠ {signal.name}: {idle[signal.name]}"
            err.print(warning, style="yellow", markup=False, highlight=False)


def _print_quality(trained: "Trained") -> None:
    table = Table("on the newest leads", "value", "95 % interval")
    for name, interval in trained.metrics.items():
        table.add_row(
            name, f"{interval.value:.3f}", f"{interval.low:.3f} to {interval.high:.3f}"
        )
    out.print(table)
    out.print(
        f"{trained.n_train:,} moments to {trained.trained_until:%Y-%m-%d}, "
        f"{trained.n_test:,} held out, {trained.n_censored:,} left out (their horizon "
        "is not over)",
        highlight=False,
    )
