"""The walk of a training in `docs/architecture.md`, held to a trace."""

import pkgutil
from importlib import import_module
from pathlib import Path
from shutil import copyfile

import pytest
from typer.testing import CliRunner

import training
from tests.architecture.tracing import check_walk, modules_entered
from tests.made_once import empty_registry
from training.cli.train import train


def test_a_training_goes_the_way_that_is_told(
    little_log: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = copyfile(empty_registry(tmp_path_factory), tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    monkeypatch.chdir(tmp_path)
    for module in pkgutil.walk_packages(training.__path__, "training."):
        import_module(module.name)  # an import inside the trace would count as entered
    with modules_entered() as entered:
        ages = ("--log", str(little_log), "--moments", "7d,21d")
        answer = CliRunner().invoke(train, ages, catch_exceptions=False)
    assert "champion" in answer.output
    check_walk("A training", entered, around=frozenset())
