"""The model registry as the service sees it. Importing this loads MLflow."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from explanations.score import ModelId
from serving.runtime.served_model import Registry
from training.registry.registry import Champion, current_champion, download, registered

if TYPE_CHECKING:
    from explanations.explain import Explainer


def mlflow_registry() -> Registry:
    """The registry that `MLFLOW_TRACKING_URI` names, or the project's own."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # in logs
    return Registry(champion=champion_id, load=_load)


def model_of(version: str) -> ModelId:
    """A registered version, champion or not; raises ModelUnavailableError."""
    return _as_model_id(registered(version))


def champion_id() -> ModelId:
    """The champion; raises ModelUnavailableError."""
    return _as_model_id(current_champion())


def _as_model_id(champion: Champion) -> ModelId:
    return ModelId(
        name=champion.name, version=champion.version, sha256=champion.manifest_sha256
    )


def fetched(model: ModelId, folder: Path) -> Path:
    """Copy a model's files into `folder`; raises ModelUnavailableError."""
    champion = Champion(
        name=model.name, version=model.version, manifest_sha256=model.sha256
    )
    return download(champion, folder)


def _load(model: ModelId) -> "Explainer":
    from explanations.explain import load_explainer

    with TemporaryDirectory(prefix="frein-model-") as folder:
        return load_explainer(fetched(model, Path(folder)), model)
