"""A registry without models: what their trainings, a promotion and a drift logged."""

from datetime import UTC, datetime
from pathlib import Path

import mlflow
from mlflow import MlflowClient

from training.evaluation.drift_run import JSON_FILE
from training.registry.champion_history import Change, How, record
from training.registry.registry import (
    MODEL_NAME,
    connect,
    make_challenger,
    make_champion,
)
from training.registry.training_run import experiment_id

METRICS = {"auc": 0.741, "average_precision": 0.402, "log_loss": 0.31, "ece": 0.012}
DRIFT = {
    "since": "2026-09-01T00:00:00+00:00",
    "score": {"psi": 0.031, "psi_by_chance": 0.01, "level": "stable"},
    "signals": [
        {"signal": "emails_sent_30d", "psi": 0.02, "level": "stable"},
        {"signal": "sector", "psi": 0.31, "level": "shifted"},
    ],
    "months": [
        {
            "month": f"2026-0{month}",
            "leads": 420,
            "predicted": 0.11,
            "observed": 0.1 + month / 500,
            "low": 0.08,
            "high": 0.15,
        }
        for month in (6, 7, 8)
    ],
}


def fill(folder: Path) -> None:
    """Two versions, the second a challenger; the first was promoted by Nadia."""
    client = connect()
    client.create_registered_model(MODEL_NAME)
    for version in ("1", "2"):
        _register(client, folder, version)
    first = Change(
        at=datetime(2026, 9, 28, 8, tzinfo=UTC),
        how=How.FIRST,
        version="1",
        previous=None,
        by="frein",
        reason="the first model",
        findings={},
    )
    record(first)
    change = Change(
        at=datetime(2026, 10, 5, 8, tzinfo=UTC),
        how=How.PROMOTED,
        version="1",
        previous=None,
        by="Nadia Benali",
        reason="Mieux calibrée.",
        findings={},
    )
    record(change)
    make_champion("1")
    make_challenger("2")
    client.set_model_version_tag(MODEL_NAME, "2", "gate", "refused")
    with mlflow.start_run(
        experiment_id=experiment_id(), run_name="drift-demo-2026-09-01"
    ):
        mlflow.set_tag("model_version", "1")
        mlflow.log_metric("score_psi", 0.031)
        mlflow.log_dict(DRIFT, JSON_FILE)


def _register(client: MlflowClient, folder: Path, version: str) -> None:
    with mlflow.start_run(experiment_id=experiment_id()) as run:
        mlflow.set_tags({"trained_until": "2026-09-01T00:00:00+00:00", "log": "demo"})
        mlflow.log_params({"calibration_slope": 0.93, "calibration_intercept": 0.04})
        for name, value in METRICS.items():
            bounds = {f"{name}_low": value * 0.95, f"{name}_high": value * 1.05}
            mlflow.log_metrics({name: value, **bounds})
    source = folder / version
    source.mkdir()
    client.create_model_version(MODEL_NAME, source.as_uri(), run.info.run_id)
