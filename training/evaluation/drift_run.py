"""Drift as one MLflow run: metrics, a figure, and the whole as JSON."""

from pathlib import Path

import mlflow
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.log import EVENTS_FILE, Log
from training.evaluation.catalogue_report import drift_row
from training.evaluation.drift import Drift
from training.registry.registry import Champion, registry_client
from training.registry.training_run import experiment_id, file_digest, git_commit

JSON_FILE, FIGURE_FILE = "drift.json", "drift.png"
_SIGNALS_SHOWN = 15


def record_drift(found: Drift, model: Champion, log: Log, log_folder: Path) -> str:
    """Log a look at drift beside the trainings; the id of its run.

    Raises ModelUnavailableError.
    """
    with registry_client():
        mlflow.set_experiment(experiment_id=experiment_id())
        name = f"drift-{log.about.name}-{found.since:%Y-%m-%d}"
        with mlflow.start_run(run_name=name) as run:
            mlflow.set_tags(
                {
                    "git_commit": git_commit(),
                    "log": log.about.name,
                    "log_sha256": file_digest(log_folder / EVENTS_FILE),
                    "model_version": model.version,
                    "since": found.since.isoformat(),
                }
            )
            mlflow.log_metrics(metrics(found))
            mlflow.log_dict(report(found), JSON_FILE)
            mlflow.log_figure(figure(found), FIGURE_FILE)
            return str(run.info.run_id)


def metrics(found: Drift) -> dict[str, float]:
    """PSI of the score and of each signal."""
    return {"score_psi": found.score.index} | {
        f"psi_{one.signal}": one.stability.index for one in found.signals
    }


def report(found: Drift) -> dict[str, object]:
    """All that was found, as plain values."""
    return {
        "since": found.since.isoformat(),
        "score": {
            "psi": found.score.index,
            "psi_by_chance": found.score.by_chance,
            "level": found.score.level.value,
        },
        "signals": [drift_row(one) for one in found.signals],
        "months": found.months.to_dicts(),
    }


def figure(found: Drift) -> Figure:
    """The signals that moved most, the scores of both periods, calibration in time."""
    drawn = Figure(figsize=(10, 12), layout="constrained")
    signals, scores, months = drawn.subplots(3, 1)
    _draw_signals(signals, found)
    _draw_scores(scores, found)
    _draw_months(months, found)
    return drawn


def _draw_signals(axes: Axes, found: Drift) -> None:
    ranked = sorted(found.signals, key=lambda one: one.stability.index)
    shown = ranked[-_SIGNALS_SHOWN:]
    axes.barh([one.signal for one in shown], [one.stability.index for one in shown])
    axes.plot(
        [one.stability.by_chance for one in shown],
        range(len(shown)),
        "k|",
        label="by chance alone",
    )
    axes.set(title="Signals that moved most", xlabel="PSI")
    axes.legend()


def _draw_scores(axes: Axes, found: Drift) -> None:
    for scores, label in zip(found.scores, ("before", "since"), strict=True):
        axes.hist(
            100 * scores,
            bins=np.linspace(0, 100, 41).tolist(),
            density=True,
            histtype="step",
            label=f"{label} {found.since:%Y-%m-%d}",
        )
    axes.set(title=f"Scores (PSI {found.score.index:.3f})", xlabel="score, in points")
    axes.legend()


def _draw_months(axes: Axes, found: Drift) -> None:
    month, low, high = (found.months[name] for name in ("month", "low", "high"))
    observed = found.months["observed"]
    axes.errorbar(
        month.to_list(),
        (100 * observed).to_list(),
        yerr=[(100 * (observed - low)).to_list(), (100 * (high - observed)).to_list()],
        fmt="o",
        capsize=3,
        label="observed, with its 95 % interval by lead",
    )
    axes.plot(
        month.to_list(), (100 * found.months["predicted"]).to_list(), label="predicted"
    )
    axes.tick_params(axis="x", rotation=45)
    axes.set(title="Won within the horizon, by month of the moment", ylabel="%")
    axes.legend()
