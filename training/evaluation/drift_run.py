"""Drift as one MLflow run: metrics, a figure, and the whole as JSON."""

import mlflow
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.log import AnyLog, Location, log_digest
from training.evaluation.catalogue_report import drift_row, stability_row
from training.evaluation.drift import Drift
from training.registry.registry import Champion, registry_client
from training.registry.training_run import experiment_id, git_commit

JSON_FILE, FIGURE_FILE = "drift.json", "drift.png"
_SIGNALS_SHOWN = 15


def record_drift(drift: Drift, model: Champion, log: AnyLog, location: Location) -> str:
    """Log a look at drift beside the trainings; the id of its run.

    Raises ModelUnavailableError.
    """
    with registry_client():
        mlflow.set_experiment(experiment_id=experiment_id())
        name = f"drift-{log.about.name}-{drift.since:%Y-%m-%d}"
        with mlflow.start_run(run_name=name) as run:
            mlflow.set_tags(
                {
                    "git_commit": git_commit(),
                    "log": log.about.name,
                    "log_sha256": log_digest(location),
                    "model_version": model.version,
                    "since": drift.since.isoformat(),
                }
            )
            mlflow.log_metrics(metrics(drift))
            mlflow.log_dict(report(drift), JSON_FILE)
            mlflow.log_figure(figure(drift), FIGURE_FILE)
            return str(run.info.run_id)


def metrics(drift: Drift) -> dict[str, float]:
    """PSI of the score and of each signal."""
    return {"score_psi": drift.score.index} | {
        f"psi_{signal.signal}": signal.stability.index for signal in drift.signals
    }


def report(drift: Drift) -> dict[str, object]:
    """All that was found, as plain values."""
    return {
        "since": drift.since.isoformat(),
        "score": stability_row(drift.score),
        "signals": [drift_row(signal) for signal in drift.signals],
        "months": drift.months.to_dicts(),
    }


def figure(drift: Drift) -> Figure:
    """The signals that moved most, the scores of both periods, calibration in time."""
    drawn = Figure(figsize=(10, 12), layout="constrained")
    signals, scores, months = drawn.subplots(3, 1)
    _draw_signals(signals, drift)
    _draw_scores(scores, drift)
    _draw_months(months, drift)
    return drawn


def _draw_signals(axes: Axes, drift: Drift) -> None:
    ranked = sorted(drift.signals, key=lambda signal: signal.stability.index)
    widest = ranked[-_SIGNALS_SHOWN:]
    axes.barh(
        [signal.signal for signal in widest],
        [signal.stability.index for signal in widest],
    )
    axes.plot(
        [signal.stability.by_chance for signal in widest],
        range(len(widest)),
        "k|",
        label="by chance alone",
    )
    axes.set(title="Signals that moved most", xlabel="PSI")
    axes.legend()


def _draw_scores(axes: Axes, drift: Drift) -> None:
    for scores, label in zip(drift.scores, ("before", "since"), strict=True):
        axes.hist(
            100 * scores,
            bins=np.linspace(0, 100, 41).tolist(),
            density=True,
            histtype="step",
            label=f"{label} {drift.since:%Y-%m-%d}",
        )
    axes.set(title=f"Scores (PSI {drift.score.index:.3f})", xlabel="score, in points")
    axes.legend()


def _draw_months(axes: Axes, drift: Drift) -> None:
    month, low, high = (drift.months[name] for name in ("month", "low", "high"))
    observed = drift.months["observed"]
    axes.errorbar(
        month.to_list(),
        (100 * observed).to_list(),
        yerr=[(100 * (observed - low)).to_list(), (100 * (high - observed)).to_list()],
        fmt="o",
        capsize=3,
        label="observed, with its 95 % interval by lead",
    )
    axes.plot(
        month.to_list(), (100 * drift.months["predicted"]).to_list(), label="predicted"
    )
    axes.tick_params(axis="x", rotation=45)
    axes.set(title="Won within the horizon, by month of the moment", ylabel="%")
    axes.legend()
