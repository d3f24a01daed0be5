"""`mlflow run` on the project's entry points, with a real store and a small log."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
import yaml
from mlflow.entities import Run
from typer.testing import CliRunner

import frein
from tests.training.conftest import GOOD, Shelf
from training.registry.registry import connect, current_champion, make_champion

PROJECT = Path(frein.__file__).parent


def test_every_entry_point_is_a_command_of_ours() -> None:
    written = yaml.safe_load((PROJECT / "MLproject").read_text(encoding="utf-8"))
    assert set(written["entry_points"]) == {"train", "tune", "evaluate"}
    for name, entry in written["entry_points"].items():
        asked = CliRunner().invoke(frein.app, [name, "--help"])
        given = [word for word in entry["command"].split() if word.startswith("--")]
        assert asked.exit_code == 0
        assert [option for option in given if option not in asked.output] == []


def run_by_mlflow(entry: str, **given: object) -> Run:
    """Run an entry point; returns the run that MLflow made for it."""
    words = ["run", ".", "--env-manager", "local", "-e", entry]
    for name, value in given.items():
        words += ["-P", f"{name}={value}"]
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", *words],
        cwd=PROJECT,
        env={
            key: os.environ[key] for key in os.environ if key != "MLFLOW_EXPERIMENT_ID"
        }
        | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    connect()
    (run,) = runs_of("mlflow.project.entryPoint", entry)
    assert run.info.status == "FINISHED"
    return run


def runs_of(tag: str, value: str) -> list[Run]:
    found = mlflow.search_runs(
        filter_string=f"tags.`{tag}` = '{value}'",
        search_all_experiments=True,
        output_format="list",
    )
    assert isinstance(found, list)
    return found


def test_a_training_run_by_mlflow_is_the_run_that_mlflow_made(
    little_log: Path, store: Shelf
) -> None:
    make_champion(GOOD)
    run = run_by_mlflow("train", log=little_log, horizon="30d")
    version = connect().get_model_version_by_alias("lead-scoring", "challenger")
    assert version.run_id == run.info.run_id
    assert "trained_until" in run.data.tags
    assert current_champion().version == GOOD


def test_a_study_run_by_mlflow_is_below_the_run_that_mlflow_made(
    little_log: Path, store: Shelf
) -> None:
    run = run_by_mlflow("tune", log=little_log, horizon="30d", trials=1)
    (study,) = runs_of("mlflow.parentRunId", run.info.run_id)
    (trial,) = runs_of("mlflow.parentRunId", study.info.run_id)
    assert (study.info.status, trial.data.tags["trial"]) == ("FINISHED", "0")
    assert "log_loss" in study.data.metrics


def test_an_evaluation_run_by_mlflow_is_the_run_that_mlflow_made(
    shelf: Shelf, store: Shelf
) -> None:
    make_champion(GOOD)
    run = run_by_mlflow("evaluate", log=shelf.folder / "log")
    assert "model.auc" in run.data.metrics


def test_the_pages_are_for_this_machine_alone(
    store: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, words: called.append(words))
    shown = CliRunner().invoke(frein.app, ["mlflow", "--port", "5099"])
    assert "http://127.0.0.1:5099" in shown.output
    (words,) = called
    assert words[words.index("--host") + 1] == "127.0.0.1"
    uri = words[words.index("--backend-store-uri") + 1]
    assert uri == f"sqlite:///{store.folder / 'mlflow.db'}"
