"""Tuning study on disk and as an MLflow run, with a run for each trial below it."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import mlflow
import optuna
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunStatus
from optuna.exceptions import StorageInternalError
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from training.errors import ModelUnavailableError
from training.evaluation.tuning import Problem, finished, pruner
from training.fitting.fit import FitSettings
from training.fitting.settings_file import settings_text
from training.registry.registry import registry_client, registry_errors, store_folder
from training.registry.training_run import experiment_id, git_commit

STUDIES_FILE = "tuning.db"  # beside mlflow.db
SPACE = "1"  # the settings that are searched: another space is another study
SETTINGS_FILE = "settings.toml"
STUDY_TAG, TRIAL_TAG, STATE_TAG = "study", "trial", "trial_state"
LOSS, BEST = "log_loss", "best_log_loss"
PARENT_TAG, SOURCE_TAG = "mlflow.parentRunId", "mlflow.source.name"


@contextmanager
def recorded_study(study: Study, inputs: Mapping[str, str | float]) -> Iterator[str]:
    """The run of a study, under way; the one there was, if it is resumed.

    Interrupted, it is told as killed; it loses none of the trials that finished. Raises
    ModelUnavailableError if the store can't be reached or written.
    """
    with registry_client() as client:
        run_id = _run_of(client, study, inputs)
    status = RunStatus.KILLED
    try:
        yield run_id
        status = RunStatus.FINISHED
    except Exception:
        status = RunStatus.FAILED
        raise
    finally:
        with registry_errors():
            record_trials(study, run_id)
            client.set_terminated(run_id, RunStatus.to_string(status))


def record_trials(study: Study, run_id: str) -> None:
    """Log each finished trial that isn't yet; raises ModelUnavailableError."""
    with registry_client() as client:
        experiment = experiment_id()
        below: list[Run] = mlflow.search_runs(  # every page of them
            [experiment], f"tags.`{PARENT_TAG}` = '{run_id}'", output_format="list"
        )
        there = {run.data.tags[TRIAL_TAG] for run in below}
        lowest = float("inf")
        for trial in finished(study):
            if trial.state is TrialState.COMPLETE:
                lowest = min(lowest, trial.value or 0.0)
            if str(trial.number) not in there:
                _record_trial(client, experiment, trial, run_id)
                if lowest < float("inf"):
                    client.log_metric(run_id, BEST, lowest, step=trial.number)


def record_best(run_id: str, settings: FitSettings, loss: float) -> None:
    """Log the best settings found; raises ModelUnavailableError."""
    with registry_client() as client:
        client.log_metric(run_id, LOSS, loss)
        client.log_text(run_id, settings_text(settings), SETTINGS_FILE)


def _run_of(
    client: MlflowClient, study: Study, inputs: Mapping[str, str | float]
) -> str:
    name = study.study_name
    there = client.search_runs(
        [experiment_id()], f"tags.{STUDY_TAG} = '{name}'", max_results=1
    )
    if there:
        run_id = str(there[0].info.run_id)
        client.update_run(run_id, RunStatus.to_string(RunStatus.RUNNING))
        return run_id
    tags = {STUDY_TAG: name, "git_commit": git_commit(), SOURCE_TAG: "frein tune"}
    if above := os.environ.get("MLFLOW_RUN_ID"):  # of `mlflow run`
        tags[PARENT_TAG] = above
    run = client.create_run(experiment_id(), tags=tags, run_name=f"tuning {name}")
    params = [Param(key, str(value)) for key, value in inputs.items()]
    client.log_batch(run.info.run_id, params=params)
    return str(run.info.run_id)


def _record_trial(
    client: MlflowClient, experiment: str, trial: FrozenTrial, run_id: str
) -> None:
    tags = {
        PARENT_TAG: run_id,
        SOURCE_TAG: "frein tune",
        TRIAL_TAG: str(trial.number),
        STATE_TAG: trial.state.name.lower(),
    } | {key: str(value) for key, value in trial.user_attrs.items()}
    trial_run = client.create_run(
        experiment,
        start_time=_milliseconds(trial.datetime_start),
        tags=tags,
        run_name=f"trial {trial.number}",
    ).info.run_id
    ended = _milliseconds(trial.datetime_complete)
    losses = [
        Metric(f"{LOSS}_to_origin", loss, ended, step)
        for step, loss in sorted(trial.intermediate_values.items())
    ]
    if trial.value is not None and trial.state is TrialState.COMPLETE:
        losses.append(Metric(LOSS, trial.value, ended, 0))
    params = [Param(name, str(value)) for name, value in trial.params.items()]
    client.log_batch(trial_run, metrics=losses, params=params)
    client.set_terminated(trial_run, RunStatus.to_string(RunStatus.FINISHED), ended)


def _milliseconds(at: datetime | None) -> int:
    assert at is not None  # of a trial that finished
    return int(at.timestamp() * 1000)


def study_name(
    log_name: str, inputs: Mapping[str, str | float], problem: Problem
) -> str:
    """The same for the same inputs (log, moments, horizon), catalogue, seed, bound."""
    what = {
        **inputs,
        "catalogue": problem.catalogue.digest,
        "seed": problem.seed,
        "deepest": problem.deepest,
        "space": SPACE,
    }
    text = json.dumps(what, sort_keys=True)
    return f"{log_name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@contextmanager
def opened_study(name: str) -> Iterator[Study]:
    """The study of that name, as it was left, or a new one.

    Raises ModelUnavailableError if the studies can't be read or written, be it later
    on.
    """
    path = store_folder() / STUDIES_FILE
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with registry_errors(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield optuna.create_study(
                study_name=name,
                storage=f"sqlite:///{path}",
                pruner=pruner(),
                load_if_exists=True,
            )
    except StorageInternalError as error:
        raise ModelUnavailableError(f"{path}: {error}") from error
