"""`frein tune`: settings for `frein train`, found over time and logged to MLflow."""

import math
import re
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from training.cli.train import (
    CatalogueFile,
    Horizon,
    KeyKinds,
    LogPlace,
    Moments,
    Seed,
    read_inputs,
)

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

    from training.evaluation.tuning import Problem
    from training.fitting.fit import FitSettings

tuning = typer.Typer()
out = Console()
err = Console(stderr=True)


@tuning.command("tune")
def tune_settings(
    log: LogPlace,
    trials: Annotated[
        int, typer.Option(min=1, help="In all: those of earlier calls count.")
    ] = 40,
    timeout: Annotated[
        str | None, typer.Option(help="No trial begins after this time: 30m, 2h.")
    ] = None,
    catalogue: CatalogueFile = None,
    horizon: Horizon = "60d",
    moments: Moments = None,
    key_kinds: KeyKinds = None,
    settings: Annotated[
        Path | None,
        typer.Option(help="Where the best are written; else beside MLflow's store."),
    ] = None,
    seed: Seed = 1,
) -> None:
    """Look for settings, over time, inside the part of the log that is trained on.

    The same call goes on where an earlier one was interrupted or ran out of time.
    Nothing is registered: `frein train --settings FILE` does that.
    """
    from features.log import log_digest
    from training.evaluation.tuning import best, problem_of
    from training.evaluation.tuning_run import opened_study, study_name
    from training.fitting.settings_file import refuse_unwritable_file, write_settings
    from training.fitting.train import refuse_absent_kinds
    from training.registry.registry import refuse_unwritable, store_folder

    seconds = _seconds(timeout)
    if settings:
        refuse_unwritable_file(settings)
    refuse_unwritable()
    with err.status("Reading the log…") as status:
        inputs = read_inputs(log, catalogue, horizon, moments, key_kinds)
        refuse_absent_kinds(inputs.log, inputs.catalogue)
        status.update("Computing the signals…")
        problem = problem_of(
            inputs.log,
            inputs.catalogue,
            inputs.plan,
            horizon_days=inputs.horizon_days,
            seed=seed,
        )
    described: dict[str, str | float] = {
        "log_sha256": log_digest(log),
        "horizon_days": inputs.horizon_days,
        **inputs.plan.described(),
    }
    file = settings or store_folder() / f"settings-{Path(log).resolve().name}.toml"
    with opened_study(study_name(inputs.log.about.name, described, problem)) as study:
        _tune(study, problem, described, trials, seconds)
        best_settings, loss = best(study)
        _print_best(best_settings, study)
    write_settings(file, best_settings)
    out.print(
        f"mean log loss {loss:.4f}, with the settings of {file}; next:",
        _command(
            "train",
            log=log,
            catalogue=catalogue,
            horizon=horizon,
            moments=moments,
            key_kinds=key_kinds,
            settings=file,
            seed=seed,
        ),
        sep="\n",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _tune(
    study: "Study",
    problem: "Problem",
    described: dict[str, str | float],
    n_trials: int,
    seconds: float,
) -> None:
    """Tune, each trial recorded as it ends; a Ctrl-C says that nothing is lost."""
    from training.evaluation.tuning import best, finished, tune
    from training.evaluation.tuning_run import (
        record_best,
        record_trials,
        recorded_study,
    )

    ends = time.monotonic() + seconds

    def record(_: "FrozenTrial") -> None:
        record_trials(study, run_id)
        status.update(f"{len(finished(study))} of {n_trials} trials are over…")

    try:
        with (
            recorded_study(study, described) as run_id,
            err.status("Tuning…") as status,
        ):
            tune(
                study,
                problem,
                n_trials=n_trials,
                goes_on=lambda: time.monotonic() < ends,
                record=record,
            )
            record_best(run_id, *best(study))
    except KeyboardInterrupt:
        n_done = len(finished(study))
        err.print(
            f"Interrupted after {n_done} trials: the same call goes on from there."
        )
        raise


def _command(name: str, **options: object) -> str:
    """A command of ours as a shell reads it; an option that is None isn't given."""
    words = ["frein", name]
    for option, value in options.items():
        if value is not None:
            words += [f"--{option.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _seconds(timeout: str | None) -> float:
    """How long "90s", "30m" or "2h" is; for ever, where nothing is said."""
    if timeout is None:
        return math.inf
    match = re.fullmatch(r"(\d{1,6})([smh])", timeout.strip())
    if not match:
        raise typer.BadParameter(f"--timeout: {timeout!r} is none of 90s, 30m or 2h")
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def _print_best(best_settings: "FitSettings", study: "Study") -> None:
    from training.evaluation.tuning import SEARCHED, finished
    from training.fitting.fit import FitSettings

    table = Table("setting", "usual", "best", pad_edge=False)
    for name in SEARCHED:
        usual, best = getattr(FitSettings(), name), getattr(best_settings, name)
        table.add_row(name, f"{usual:.4g}", f"{best:.4g}")
    trials = finished(study)
    n_whole = sum(trial.state.name == "COMPLETE" for trial in trials)
    out.print(table)
    out.print(
        f"{len(trials)} trials, of which {len(trials) - n_whole} given up early",
        highlight=False,
    )
