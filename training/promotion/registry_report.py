"""Report of the registry on the models that serve, or would: for people to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from training.errors import ModelUnavailableError
from training.evaluation.drift_run import JSON_FILE
from training.metrics.bootstrap import Interval
from training.metrics.metrics import METRICS
from training.metrics.population_stability import Level
from training.registry.champion_history import Change, recorded
from training.registry.registry import (
    CHALLENGER,
    CHAMPION,
    GATE_TAG,
    MODEL_NAME,
    registry_client,
    tracking_uri,
)
from training.registry.training_run import EXPERIMENT

_SIGNALS_TOLD = 8  # those that moved most


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A registered version: what its training said of it, and the gate after it.

    `metrics` are those of its own hold-out; `slope` and `intercept` its calibration in
    log-odds. `page` is where MLflow shows it, None without a server.
    """

    version: str
    registered_at: datetime
    trained_until: datetime | None
    log: str | None
    metrics: Mapping[str, Interval]
    slope: float | None
    intercept: float | None
    gate: str | None
    page: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Shares in [0, 1] of the moments of a month: what was said, and what came."""

    month: str
    leads: int
    predicted: float
    observed: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSeen:
    """The last look at drift. `signals` are names and their PSI, the widest first."""

    at: datetime
    since: datetime
    version: str
    score_psi: float
    level: Level
    signals: Sequence[tuple[str, float, Level]]
    months: Sequence[Month]
    page: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`changes` are those of champion, the latest first."""

    champion: Dossier | None
    challenger: Dossier | None
    changes: Sequence[Change]
    drift: DriftSeen | None


def standing() -> Standing:
    """What stands in the registry now.

    Raises ModelUnavailableError if the registry can't be reached, or what it holds
    can't be read.
    """
    with registry_client() as client:
        models = client.search_registered_models(f"name = '{MODEL_NAME}'")
        aliases = models[0].aliases if models else {}
        held = {
            alias: _dossier(client, str(aliases[alias]))
            for alias in (CHAMPION, CHALLENGER)
            if alias in aliases
        }
        return Standing(
            champion=held.get(CHAMPION),
            challenger=held.get(CHALLENGER),
            changes=recorded()[::-1],
            drift=_last_drift(client),
        )


def _dossier(client: MlflowClient, version: str) -> Dossier:
    registered: ModelVersion = client.get_model_version(MODEL_NAME, version)
    run = client.get_run(registered.run_id or "")
    until = run.data.tags.get("trained_until")
    return Dossier(
        version=version,
        registered_at=_instant(registered.creation_timestamp),
        trained_until=datetime.fromisoformat(until) if until else None,
        log=run.data.tags.get("log"),
        metrics=_metrics(run),
        slope=_number(run, "calibration_slope"),
        intercept=_number(run, "calibration_intercept"),
        gate=registered.tags.get(GATE_TAG),
        page=_page(f"models/{MODEL_NAME}/versions/{version}"),
    )


def _metrics(run: Run) -> dict[str, Interval]:
    logged = run.data.metrics
    return {
        name: Interval(logged[name], logged[f"{name}_low"], logged[f"{name}_high"])
        for name in METRICS
        if {name, f"{name}_low", f"{name}_high"} <= logged.keys()
    }


def _number(run: Run, name: str) -> float | None:
    text = run.data.params.get(name)
    return None if text is None else float(text)


def _last_drift(client: MlflowClient) -> DriftSeen | None:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return None
    runs = client.search_runs(
        [experiment.experiment_id],
        "attributes.run_name LIKE 'drift-%' AND metrics.score_psi >= 0",
        max_results=1,
        order_by=["attributes.start_time DESC"],
    )
    return _drift_of(runs[0]) if runs else None


def _drift_of(run: Run) -> DriftSeen:
    address = f"runs:/{run.info.run_id}/{JSON_FILE}"
    report = mlflow.artifacts.load_dict(address)
    try:
        signals = sorted(report["signals"], key=lambda signal: -signal["psi"])
        return DriftSeen(
            at=_instant(run.info.start_time),
            since=datetime.fromisoformat(report["since"]),
            version=run.data.tags["model_version"],
            score_psi=report["score"]["psi"],
            level=Level(report["score"]["level"]),
            signals=[
                (signal["signal"], signal["psi"], Level(signal["level"]))
                for signal in signals[:_SIGNALS_TOLD]
            ],
            months=[
                Month(
                    month=row["month"],
                    leads=row["leads"],
                    predicted=row["predicted"],
                    observed=Interval(row["observed"], row["low"], row["high"]),
                )
                for row in report["months"]
            ],
            page=_page(f"experiments/{run.info.experiment_id}/runs/{run.info.run_id}"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailableError(f"{address} can't be read: {error!r}") from error


def _page(path: str) -> str | None:
    """Where MLflow's server shows something; no name or password of the store's."""
    uri = urlsplit(tracking_uri())
    if uri.scheme not in {"http", "https"} or not uri.hostname:
        return None
    place = uri.hostname if uri.port is None else f"{uri.hostname}:{uri.port}"
    return f"{uri.scheme}://{place}{uri.path.rstrip('/')}/#/{path}"


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
