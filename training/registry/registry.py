"""The MLflow store and registry. Whatever they raise, callers see our errors."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from functools import lru_cache
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.store.db.db_types import DATABASE_ENGINES
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from training.errors import ModelUnavailableError

MODEL_NAME = "lead-scoring"
CHAMPION = "champion"
CHALLENGER = "challenger"
DIGEST_TAG = "manifest_sha256"
GATE_TAG = "gate"  # what the gate said of a version
EXTRA_FILES = "extra_files"  # where MLflow's LightGBM flavour puts what goes along
STORE = Path(__file__).parents[2] / "mlruns"
_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The model now serving, as the registry holds it."""

    name: str
    version: str
    manifest_sha256: str


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI`, or the project's own SQLite store."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{STORE / 'mlflow.db'}"


def store_folder() -> Path:
    """Where what goes beside the store is kept: SQLite's folder, else the project's."""
    file = _file_of(tracking_uri())
    return STORE if file is None else file.parent


def connect() -> MlflowClient:
    """Point MLflow at the store; raises ModelUnavailableError."""
    with registry_errors():
        uri = tracking_uri()
        if _file_of(uri):
            _open_file(uri)
        elif uri.partition(":")[0].partition("+")[0] in DATABASE_ENGINES:
            create_engine(uri).connect().close()  # MLflow would try for minutes
        mlflow.set_tracking_uri(uri)
        return MlflowClient(uri)


@contextmanager
def registry_client() -> Iterator[MlflowClient]:
    """A client of the store; what goes wrong meanwhile is ModelUnavailableError."""
    with registry_errors():
        yield connect()


def refuse_unwritable() -> None:
    """Tell before the work that what comes of it couldn't be kept.

    Raises ModelUnavailableError if the store can't be reached, or SQLite's folder is
    read-only.
    """
    has_champion()
    if _file_of(tracking_uri()) and not os.access(store_folder(), os.W_OK):
        raise ModelUnavailableError(
            f"{store_folder()} is read-only: make it writable, or name another store "
            "in MLFLOW_TRACKING_URI"
        )


def _file_of(uri: str) -> Path | None:
    """The file of a SQLite store."""
    path = uri.removeprefix(_SQLITE)
    return Path(path) if path != uri else None


@lru_cache
def _open_file(uri: str) -> None:
    """Have MLflow make or migrate a SQLite store: one process at a time can."""
    folder = store_folder()
    if folder == STORE:
        folder.mkdir(exist_ok=True)
    if not folder.is_dir():
        raise ModelUnavailableError(
            f"{uri}: there is no folder {folder}: make it, or put MLFLOW_TRACKING_URI "
            "right"
        )
    held = os.open(folder, os.O_RDONLY)
    try:
        flock(held, LOCK_EX)
        client = MlflowClient(uri, uri)
        client.search_registered_models(max_results=1)
        client.search_experiments(max_results=1)
    finally:
        os.close(held)


def current_champion() -> Champion:
    """The model under the alias `champion`.

    Raises ModelUnavailableError if the registry can't be reached, or has no champion
    yet.
    """
    with registry_client() as client:
        return _as_champion(client.get_model_version_by_alias(MODEL_NAME, CHAMPION))


def registered(version: str) -> Champion:
    """A version of the model, champion or not; raises ModelUnavailableError."""
    with registry_client() as client:
        return _as_champion(client.get_model_version(MODEL_NAME, version))


def version_of_run(run_id: str) -> Champion:
    """The version that a run registered; raises ModelUnavailableError."""
    with registry_client() as client:
        run = client.get_run(run_id)
        versions = client.search_model_versions(f"run_id='{run.info.run_id}'")
    if not versions:
        raise ModelUnavailableError(f"run {run_id} registered no {MODEL_NAME}")
    return _as_champion(versions[0])


def run_of(version: str) -> Run:
    """The run that made a version; raises ModelUnavailableError."""
    with registry_client() as client:
        run_id = client.get_model_version(MODEL_NAME, version).run_id
        return client.get_run(run_id or "")


def has_champion() -> bool:
    """Does the registry hold a champion? Raises if it can't be reached."""
    with registry_client() as client:
        models = client.search_registered_models(f"name = '{MODEL_NAME}'")
        return any(CHAMPION in model.aliases for model in models)


def download(champion: Champion, folder: Path) -> Path:
    """Copy the model's files into `folder`, as `explanations.artifact` lays them out.

    Raises ModelUnavailableError if the files can't be had.
    """
    with registry_errors():
        got = Path(
            mlflow.artifacts.download_artifacts(
                f"models:/{champion.name}/{champion.version}", dst_path=str(folder)
            )
        )
        for extra in (got / EXTRA_FILES).iterdir():
            extra.rename(got / extra.name)
        return got


def register(model_uri: str, manifest_sha256: str) -> Champion:
    """Register a logged model as a new version."""
    with registry_errors():
        version = mlflow.register_model(
            model_uri, MODEL_NAME, tags={DIGEST_TAG: manifest_sha256}
        )
        return _as_champion(version)


def make_champion(version: str) -> None:
    """Point the alias `champion` at a version; `training.promotion` records who did."""
    with registry_client() as client:
        client.set_registered_model_alias(MODEL_NAME, CHAMPION, version)
        held = client.get_registered_model(MODEL_NAME).aliases
        if str(held.get(CHALLENGER)) == version:  # typed as text, and a number
            client.delete_registered_model_alias(MODEL_NAME, CHALLENGER)


def make_challenger(version: str) -> None:
    """Point the alias `challenger` at a version."""
    with registry_client() as client:
        client.set_registered_model_alias(MODEL_NAME, CHALLENGER, version)


@contextmanager
def registry_errors(store: str | None = None) -> Iterator[None]:
    """Translate what MLflow and its store raise, at this one door.

    `store` is what is told of, where it isn't the registry.
    """
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise ModelUnavailableError(f"{store or tracking_uri()}: {error}") from error


def _as_champion(version: ModelVersion) -> Champion:
    return Champion(
        name=version.name,
        version=str(version.version),
        manifest_sha256=version.tags.get(DIGEST_TAG, ""),
    )
