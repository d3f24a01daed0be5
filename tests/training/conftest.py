"""A registry with four versions, trained once; each test has a copy of its own."""

from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import pytest

from data.generate import generate
from features.catalogue import Catalogue
from features.log import Log, read_log, write_log
from tests.factories import make_catalogue
from tests.made_once import made_once
from tests.training.builders import (
    HORIZON_DAYS,
    PLAN,
    make_settings,
    make_visit_catalogue,
    make_visit_log,
)
from training.fitting.train import TrainSettings, train
from training.registry.training_run import record_training

GOOD, SAME, POOR = "1", "2", "3"  # the versions: two alike, and one that sees little


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of a store, and the log of its models."""

    folder: Path
    log: Log


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Versions GOOD, SAME and POOR, none of them champion."""
    folder = made_once(tmp_path_factory, "shelf", _fill)
    return Shelf(folder, read_log(folder / "log"))


def _fill(folder: Path) -> None:
    log = make_visit_log(n_leads=4_000)
    write_log(folder / "log", log)
    mails = make_catalogue(mails='count = { kind = "page_viewed" }\nwindow = "1d"')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", _uri(folder))
        for catalogue in (make_visit_catalogue(), make_visit_catalogue(), mails):
            _register(log, folder / "log", catalogue)


@pytest.fixture
def store(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A copy of the registry, and the environment that names it."""
    copyfile(shelf.folder / "mlflow.db", tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", _uri(tmp_path))
    return Shelf(tmp_path, shelf.log)


def _register(log: Log, folder: Path, catalogue: Catalogue) -> None:
    settings = TrainSettings(
        plan=PLAN,
        horizon_days=HORIZON_DAYS,
        # So few trees that draw their signals are off by 0.04: the gate's bound.
        fit=make_settings(feature_fraction=1.0, params={"num_threads": 1}),
        seed=1,
    )
    trained = train(log, catalogue, settings, phase=lambda _: None)
    record_training(trained, log, folder, settings)


def _uri(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture(scope="session")
def little_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of a few hundred leads with the kinds that the shipped catalogue reads."""

    def make(folder: Path) -> None:
        generate(folder / "log", leads=400, seed=7, with_truth=False)

    return made_once(tmp_path_factory, "little-log", make) / "log"
