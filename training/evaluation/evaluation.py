"""Evaluation: a model, the champion and the baselines on leads that came later."""

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime

import mlflow
import numpy as np
import polars as pl

from features.arrays import FloatArray
from features.log import AnyLog
from training.baselines.baselines import Lesson, baselines
from training.dataset.groups import WHOLE, Group, whole_and_parts
from training.dataset.moments import labelled_moments
from training.dataset.split import refuse_one_sided
from training.errors import TrainingError
from training.metrics.bootstrap import Interval
from training.metrics.metrics import METRICS, bootstrap
from training.registry.candidates import Candidate
from training.registry.registry import registry_client
from training.registry.training_run import experiment_id

Phase = Callable[[str], None]

EVALUATION_FILE = "evaluation.json"
MODEL, CHAMPION = "model", "champion"
EVALUATION_SCHEMA = pl.Schema(
    {
        "contestant": pl.String(),
        "dimension": pl.String(),
        "label": pl.String(),
        "leads": pl.Int64(),
        "moments": pl.Int64(),
        "won": pl.Int64(),
        "metric": pl.String(),
        "value": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)
BY_GROUP = {name: METRICS[name] for name in ("auc", "average_precision", "log_loss")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """`table` of EVALUATION_SCHEMA: each contestant on the whole and on each group."""

    begins: datetime
    n_leads: int
    n_moments: int
    taught_baselines: bool
    table: pl.DataFrame

    def metrics(self, contestant: str) -> dict[str, Interval]:
        """A contestant's figures on the whole hold-out."""
        theirs = self.table.filter(
            (pl.col("contestant") == contestant) & (pl.col("dimension") == WHOLE)
        )
        rows = theirs.select("metric", "value", "low", "high").iter_rows()
        return {metric: Interval(*bounds) for metric, *bounds in rows}

    @property
    def contestants(self) -> list[str]:
        return self.table["contestant"].unique(maintain_order=True).to_list()


def evaluated(
    log: AnyLog, model: Candidate, champion: Candidate | None, *, phase: Phase
) -> Evaluation:
    """Every contestant on the newest hold-out, whole, by segment and by age.

    No `champion` where it is the model itself, or was trained for another horizon.

    Raises TrainingError if the hold-out has no lead, none won or no other.
    """
    phase("the hold-out")
    begins, moments = model.hold_out(log, *([champion] if champion else []))
    refuse_one_sided(moments, begins)
    signals = model.signals(log, moments)
    said = {MODEL: model.says(signals)}
    if champion:
        said[CHAMPION] = champion.says(champion.signals(log, moments))
    phase("baselines")
    lesson = _lesson(log, model)
    if lesson is not None:
        said |= baselines(lesson, signals)
    phase("intervals")
    groups = whole_and_parts(signals, moments, model.scorer.catalogue)
    rows = [
        row
        for name, probability in said.items()
        for group in groups
        for row in _rows(name, group, moments, probability)
    ]
    return Evaluation(
        begins=begins,
        n_leads=moments["lead_id"].n_unique(),
        n_moments=moments.height,
        taught_baselines=lesson is not None,
        table=pl.DataFrame(rows, schema=EVALUATION_SCHEMA, orient="row"),
    )


def record_evaluation(evaluation: Evaluation, model: Candidate, digest: str) -> str:
    """Log an evaluation as a run below the model's own; returns its identifier.

    `digest` is the SHA-256 of the log's events. Raises ModelUnavailableError.
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
            mlflow.log_metrics(
                {
                    f"{contestant}.{metric}": value
                    for contestant in evaluation.contestants
                    for name, interval in evaluation.metrics(contestant).items()
                    for metric, value in interval.named(name).items()
                }
            )
            mlflow.log_table(evaluation.table.to_pandas(), EVALUATION_FILE)
            return str(run.info.run_id)


def _lesson(log: AnyLog, model: Candidate) -> Lesson | None:
    """What was known when the model was trained; None where the log is younger."""
    try:
        taught = labelled_moments(
            log,
            model.plan,
            horizon_days=model.horizon_days,
            known_at=model.trained_until,
        ).frame
    except TrainingError:
        return None
    return Lesson(
        log=log,
        catalogue=model.scorer.catalogue,
        moments=taught,
        signals=model.signals(log, taught),
        known_at=model.trained_until,
    )


def _rows(
    contestant: str, group: Group, moments: pl.DataFrame, probability: FloatArray
) -> Iterator[tuple[object, ...]]:
    theirs = moments.filter(pl.Series(group.rows))
    metrics = METRICS if group.dimension == WHOLE else BY_GROUP
    drawn = bootstrap(
        theirs["lead_id"].to_list(),
        theirs["won"].to_numpy(),
        probability[group.rows],
        metrics=metrics,
    )
    size = theirs["lead_id"].n_unique(), theirs.height, int(theirs["won"].sum())
    for name, figure in drawn.items():
        if not np.isnan(figure.value):
            interval = astuple(figure.interval)
            yield contestant, group.dimension, group.label, *size, name, *interval
