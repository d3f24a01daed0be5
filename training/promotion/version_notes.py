"""Notes on a registered version, logged beside the run that made it."""

from datetime import UTC, datetime

import mlflow

from training.evaluation.evaluation import Evaluation
from training.promotion.verdict import Verdict
from training.registry.candidates import Candidate
from training.registry.registry import (
    MODEL_NAME,
    connect,
    registry_client,
    registry_errors,
)
from training.registry.training_run import experiment_id

EVALUATION_FILE = "evaluation.json"
GATE_TAG = "gate"


def record_evaluation(evaluation: Evaluation, model: Candidate, digest: str) -> str:
    """Log an evaluation as a run below the model's own; returns its identifier.

    Raises ModelUnavailableError if the store can't be reached or written.

    Parameters
    ----------
    digest : str
        SHA-256 of the log's events.
    """
    with registry_client():
        mlflow.set_experiment(experiment_id=experiment_id())
        with mlflow.start_run(
            run_name=f"evaluation of version {model.version}",
            tags={
                "mlflow.parentRunId": model.run_id,
                "version": model.version,
                "log_sha256": digest,
                "hold_out_begins": evaluation.begins.isoformat(),
            },
        ) as run:
            mlflow.log_params(
                {"n_leads": evaluation.n_leads, "n_moments": evaluation.n_moments}
            )
            mlflow.log_metrics(_metrics(evaluation))
            mlflow.log_table(evaluation.table.to_pandas(), EVALUATION_FILE)
            return str(run.info.run_id)


def record_verdict(verdict: Verdict, run_id: str, now: datetime) -> None:
    """Log a verdict on the challenger's run, and tag the run and the version with it.

    Raises ModelUnavailableError.
    """
    client = connect()
    told = "passed" if verdict.passes else "refused"
    with registry_errors():
        file = f"gate/{now.astimezone(UTC):%Y-%m-%dT%H.%M.%SZ}.json"
        client.log_dict(run_id, verdict.as_json(), file)
        client.set_tag(run_id, GATE_TAG, told)
        client.set_model_version_tag(MODEL_NAME, verdict.challenger, GATE_TAG, told)


def _metrics(evaluation: Evaluation) -> dict[str, float]:
    return {
        f"{contestant}.{name}{suffix}": value
        for contestant in evaluation.contestants
        for name, found in evaluation.metrics(contestant).items()
        for suffix, value in (
            ("", found.value),
            ("_low", found.low),
            ("_high", found.high),
        )
    }
