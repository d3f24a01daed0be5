"""The walk of a training in `docs/architecture.md`, held to a trace."""

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import training
from tests.architecture.tracing import check_walk, modules_entered
from training.cli.train import train


def test_a_training_goes_the_way_that_is_told(
    little_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    for module in pkgutil.walk_packages(training.__path__, "training."):
        import_module(module.name)  # an import inside the trace would count as entered
    with modules_entered() as entered:
        ages = ("--log", str(little_log), "--moments", "7d,21d")
        answer = CliRunner().invoke(train, ages, catch_exceptions=False)
    assert "champion" in answer.output
    check_walk("A training", entered, around=frozenset())
