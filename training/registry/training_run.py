"""One training as one MLflow run: what went in, what came out, and the model."""

import os
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
import numpy as np
import pandas as pd
import polars as pl
from mlflow import MlflowClient
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import Metric

from explanations.artifact import CATALOGUE_FILE, FACTS_FILE, MANIFEST_FILE, save_scorer
from explanations.scorer import Scorer, probability
from features.encoding import encode
from features.log import AnyLog, Location, absolute, log_digest
from features.shutdown import stop_if_told
from training.fitting.train import Trained, TrainSettings
from training.metrics.curves import learning_curve
from training.registry.figures import figures
from training.registry.model_card import CARD_FILE, model_card, show_card
from training.registry.registry import (
    MODEL_NAME,
    Champion,
    register,
    registry_client,
    store_folder,
)

EXPERIMENT = "lead-scoring"
_ROWS_SHOWN = 1_000  # enough for a signature; the digest covers the whole log
_ROWS_IN_CURVE = 50_000  # spread over time: more say the same
_PINNED = ("lightgbm", "numpy", "pandas", "scipy")


def record_training(
    trained: Trained, log: AnyLog, location: Location, settings: TrainSettings
) -> Champion:
    """Log the run and its model, and register the model as a new version.

    Nothing is registered unless all of it was logged. Raises ModelUnavailableError if
    the store can't be reached or written.
    """
    with registry_client(), TemporaryDirectory() as folder:
        mlflow.set_experiment(experiment_id=experiment_id())
        with mlflow.start_run(
            run_name=f"{log.about.name}-{trained.trained_until:%Y-%m-%d}"
        ) as run:
            log_sha256 = log_digest(location)
            _log_inputs(trained, log, location, log_sha256, settings)
            _log_metrics(trained, run.info.run_id)
            mlflow.log_table(trained.importance.to_pandas(), "importance.json")
            for file, figure in figures(trained):
                mlflow.log_figure(figure, file)
            card = model_card(trained, log, model=MODEL_NAME, digest=log_sha256)
            mlflow.log_text(card, CARD_FILE)
            model_uri, digest = _log_model(trained, Path(folder))
            stop_if_told()
            version = register(model_uri, digest)
            show_card(run.info.run_id, version.version, card)
            return version


def git_commit() -> str:
    """The commit of the checkout, with `-dirty` if it was changed; or "unknown"."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"  # an image or an archive has no checkout
    return described.stdout.strip()


def experiment_id() -> str:
    """The experiment of every run, made where it is missing.

    `mlflow run` has made the run already, in the experiment that it was told.
    """
    if run_id := os.environ.get("MLFLOW_RUN_ID"):
        return str(mlflow.get_run(run_id).info.experiment_id)
    experiment = mlflow.get_experiment_by_name(EXPERIMENT)
    if experiment is not None:
        return str(experiment.experiment_id)
    if not mlflow.get_tracking_uri().startswith("sqlite:///"):
        return str(mlflow.create_experiment(EXPERIMENT))
    artifacts = store_folder() / "artifacts"
    return str(mlflow.create_experiment(EXPERIMENT, artifacts.resolve().as_uri()))


def _log_inputs(
    trained: Trained,
    log: AnyLog,
    location: Location,
    digest: str,
    settings: TrainSettings,
) -> None:
    mlflow.log_params(
        {
            **{name: v for name, v in asdict(settings.fit).items() if name != "params"},
            **settings.fit.params,
            "horizon_days": settings.horizon_days,
            **settings.plan.described(),
            "seed": settings.seed,
            "n_signals": len(trained.scorer.catalogue.names),
            "n_train": trained.n_train,
            "n_test": trained.n_test,
            "n_censored": trained.n_censored,
            "calibration_slope": trained.scorer.facts.slope,
            "calibration_intercept": trained.scorer.facts.intercept,
        }
    )
    mlflow.set_tags(
        {
            "git_commit": git_commit(),
            "log": log.about.name,
            "log_folder": absolute(location),
            "log_sha256": digest,
            "catalogue": trained.scorer.catalogue.name,
            "catalogue_sha256": trained.scorer.catalogue.digest,
            "trained_until": trained.trained_until.isoformat(),
        }
    )
    dataset = from_pandas(
        _first_rows(trained).assign(won=trained.won[:_ROWS_SHOWN].to_numpy()),
        name=log.about.name,
        targets="won",
        digest=digest[:32],
    )
    mlflow.log_input(dataset, context="training")


def _log_metrics(trained: Trained, run_id: str) -> None:
    """The figures with their bounds, and the learning curve by number of trees."""
    for name, interval in trained.metrics.items():
        mlflow.log_metrics(interval.named(name))
    seen, now = trained.hold_out, int(time.time() * 1000)
    parts = {
        "train": (trained.signals, trained.won),
        "hold_out": (seen.signals, seen.moments["won"]),
    }
    curves = [
        Metric(f"curve/{part}_{figure}", value, now, step)
        for part, (signals, won) in parts.items()
        for step, *values in _curve(trained.scorer, signals, won).iter_rows()
        for figure, value in zip(("auc", "log_loss"), values, strict=True)
    ]
    MlflowClient().log_batch(run_id, curves)


def _curve(scorer: Scorer, signals: pl.DataFrame, won: pl.Series) -> pl.DataFrame:
    rows = np.linspace(0, won.len() - 1, min(won.len(), _ROWS_IN_CURVE), dtype=int)
    return learning_curve(
        scorer.booster,
        scorer.facts.intercept,
        encode(signals[rows], scorer.catalogue, scorer.facts.codes),
        won[rows].to_numpy(),
    )


def _log_model(trained: Trained, folder: Path) -> tuple[str, str]:
    """Log the booster with its catalogue and facts; its URI and manifest's digest."""
    digest = save_scorer(folder, trained.scorer)
    frame = _first_rows(trained)
    # Three rows that are nobody's: each signal's quartiles, taken on their own.
    quartiles = frame.quantile([0.25, 0.5, 0.75], interpolation="nearest")
    scores = probability(trained.scorer.log_odds(trained.signals[:_ROWS_SHOWN]))
    info = mlflow.lightgbm.log_model(
        trained.scorer.booster,
        name="scorer",
        signature=mlflow.models.infer_signature(frame, scores),
        input_example=quartiles.reset_index(drop=True),
        extra_files=[
            str(folder / name) for name in (CATALOGUE_FILE, FACTS_FILE, MANIFEST_FILE)
        ],
        pip_requirements=list(_PINNED),
    )
    return info.model_uri, digest


def _first_rows(trained: Trained) -> pd.DataFrame:
    """The first training rows, as the booster reads them."""
    return model_frame(trained.signals[:_ROWS_SHOWN], trained.scorer)


def model_frame(signals: pl.DataFrame, scorer: Scorer) -> pd.DataFrame:
    """What `predict` of `mlflow.pyfunc.load_model` takes, (n_moments, n_signals).

    `signals` (n_moments, 2 + n_signals) as `featurise` returns it for the scorer's
    catalogue. Categories become the positions of their labels in `scorer.facts.codes`,
    texts log-odds, NaN where unknown.
    """
    matrix = encode(signals, scorer.catalogue, scorer.facts.codes)
    return pd.DataFrame(matrix, columns=list(scorer.catalogue.names))
