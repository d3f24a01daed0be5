"""`frein train`: from a log to a registered model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from training.train import Trained

train = typer.Typer()
out = Console()
err = Console(stderr=True)


@train.command("train")
def train_model(
    log: Annotated[Path, typer.Option(help="The folder of a log.")],
    catalogue: Annotated[
        Path | None, typer.Option(help="The signals; else those shipped for the log.")
    ] = None,
    horizon: Annotated[
        str, typer.Option(help="Won within this time counts as won: 60d.")
    ] = "60d",
    moments: Annotated[
        str | None,
        typer.Option(help="Ages at which leads are scored, 1d,3d,7d; else weekly."),
    ] = None,
    key_kinds: Annotated[
        str,
        typer.Option(help="Kinds of event after which a lead is scored as well."),
    ] = "email_replied,meeting_held",
    seed: Annotated[int, typer.Option(help="The same seed gives the same model.")] = 1,
) -> None:
    """Train, measure on the newest leads, log to MLflow and register.

    The first model registered becomes the champion.
    """
    from features.catalogue import read_catalogue, shipped_catalogue
    from features.log import read_log
    from training.fitting import FitSettings
    from training.moments import MomentPlan, weekly_plan
    from training.registry import has_champion, make_champion
    from training.tracking import record_training
    from training.train import TrainSettings
    from training.train import train as trained_on

    key = tuple(kind for kind in key_kinds.split(",") if kind)
    settings = TrainSettings(
        plan=weekly_plan(key_kinds=key)
        if moments is None
        else MomentPlan(
            ages_days=tuple(_days(age) for age in moments.split(",")), key_kinds=key
        ),
        horizon_days=_days(horizon),
        fit=FitSettings(),
        seed=seed,
    )
    with err.status("Reading the log…") as status:
        read = read_log(log)
        signals = read_catalogue(catalogue or shipped_catalogue(read.about.name))
        trained = trained_on(
            read, signals, settings, phase=lambda name: status.update(f"{name}…")
        )
        status.update("Logging to MLflow…")
        version = record_training(trained, read, log, settings)
        is_first = not has_champion()
        if is_first:
            make_champion(version.version)
    _tell(trained)
    becomes = ", champion" if is_first else ", challenger: see the registry"
    out.print(f"{version.name} version {version.version}{becomes}")


def _days(text: str) -> float:
    from features.selector import duration_days

    try:
        return duration_days(text.strip())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _tell(trained: "Trained") -> None:
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
