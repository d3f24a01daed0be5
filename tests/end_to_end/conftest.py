"""The real path: a demo log, a training, a registry, and the service on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import pytest
from starlette.testclient import TestClient

from data.generate import generate
from features.catalogue import read_catalogue, shipped_catalogue
from features.log import read_log
from serving.app.application import create_app
from serving.app.startup import open_service
from serving.runtime.settings import Settings
from serving.scoring.model_registry import mlflow_registry
from tests.made_once import empty_registry
from tests.serving.builders import make_key
from training.dataset.moments import weekly_plan
from training.fitting.fit import FitSettings
from training.fitting.train import Trained, TrainSettings, train
from training.registry.registry import Champion, make_champion
from training.registry.training_run import record_training


@dataclass(frozen=True, slots=True)
class Registered:
    trained: Trained
    champion: Champion
    store: Path


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    """The model that `frein demo` trains, in an MLflow store of its own."""
    folder = tmp_path_factory.mktemp("registry")
    registry = copyfile(empty_registry(tmp_path_factory), folder / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{registry}")
        generate(folder / "log", leads=10_000, seed=7, with_truth=False)
        log = read_log(folder / "log")
        settings = TrainSettings(
            plan=weekly_plan(key_kinds=("email_replied", "meeting_held")),
            horizon_days=60,
            fit=FitSettings(),
            seed=1,
        )
        catalogue = read_catalogue(shipped_catalogue(log.about.name))
        trained = train(log, catalogue, settings, phase=lambda _: None)
        champion = record_training(trained, log, folder / "log", settings)
        make_champion(champion.version)
        yield Registered(trained, champion, folder)


@pytest.fixture
def client(registered: Registered, tmp_path: Path) -> Iterator[TestClient]:
    """The service with the champion, and a key in the client's headers."""
    registry = mlflow_registry()
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'frein.db'}")
    with open_service(settings, registry.load(registry.champion())) as service:
        _, headers = make_key(service)
        with TestClient(
            create_app(service), "http://127.0.0.1", headers=headers
        ) as client:
            yield client
