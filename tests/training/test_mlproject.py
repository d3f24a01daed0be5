"""`mlflow run` on the project's entry points, with a real store and a small log."""

import os
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
import yaml
from typer.testing import CliRunner

import frein
from tests.training.conftest import GOOD, Shelf
from training.registry import connect, current_champion, make_champion

PROJECT = Path(__file__).parents[2]


def test_every_entry_point_is_a_command_of_ours() -> None:
    written = yaml.safe_load((PROJECT / "MLproject").read_text(encoding="utf-8"))
    assert set(written["entry_points"]) == {"train", "tune", "evaluate"}
    for name, entry in written["entry_points"].items():
        asked = CliRunner().invoke(frein.app, [name, "--help"])
        given = [word for word in entry["command"].split() if word.startswith("--")]
        assert asked.exit_code == 0
        assert [option for option in given if option not in asked.output] == []


def test_a_training_run_by_mlflow_is_the_run_that_mlflow_made(
    little_log: Path, store: Shelf
) -> None:
    make_champion(GOOD)
    command = [sys.executable, "-m", "mlflow", "run", ".", "--env-manager", "local"]
    given = ["-e", "train", "-P", f"log={little_log}", "-P", "horizon=30d"]
    done = subprocess.run(
        [*command, *given],
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
    version = connect().get_model_version_by_alias("lead-scoring", "challenger")
    run = mlflow.get_run(version.run_id or "")
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.project.entryPoint"] == "train"
    assert "trained_until" in run.data.tags
    assert current_champion().version == GOOD


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
