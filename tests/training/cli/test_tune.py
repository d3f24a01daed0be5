"""`frein tune` on a real store: nested runs, an interruption, and what it writes."""

import shlex
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run
from typer.testing import CliRunner, Result

import frein
from tests.training.conftest import POOR, Shelf
from training.evaluation import tuning
from training.fitting.settings_file import read_settings
from training.registry.registry import connect

N_TRIALS = 3
Tune = Callable[..., Result]


@pytest.fixture
def tune(little_log: Path, store: Shelf) -> Tune:
    """`frein tune` on a small log, beside the shelf's models."""
    asked = ["tune", "--log", str(little_log), "--moments", "30d", "--horizon", "30d"]

    def call(*more: str) -> Result:
        return CliRunner().invoke(frein.app, [*asked, "--trials", str(N_TRIALS), *more])

    return call


def runs() -> tuple[list[Run], list[Run]]:
    """The studies' runs, and those of their trials."""
    connect()
    experiment = mlflow.get_experiment_by_name("lead-scoring")
    assert experiment is not None
    found = mlflow.MlflowClient().search_runs([experiment.experiment_id])
    return (
        [run for run in found if "study" in run.data.tags],
        [run for run in found if "trial" in run.data.tags],
    )


def interrupt(patch: pytest.MonkeyPatch, *, after: int) -> None:
    """A Ctrl-C after so many fits."""
    fit, calls = tuning.__dict__["fit"], iter(range(1000))

    def interrupted(*given: object, **named: object) -> object:
        if next(calls) == after:
            raise KeyboardInterrupt
        return fit(*given, **named)

    patch.setattr(tuning, "fit", interrupted)


def test_a_study_that_was_interrupted_is_resumed_by_the_same_call(
    tune: Tune, little_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, after=5)
        stopped = tune()
    assert stopped.exit_code == 130
    assert "the same call goes on from there" in stopped.output
    (study,), before = runs()
    assert study.info.status == "KILLED"
    assert [run.data.tags["trial"] for run in before] == ["0"]
    assert not list(tmp_path.glob("*.toml"))

    done = tune("--settings", str(tmp_path / "the best.toml"))

    assert done.exit_code == 0, done.output
    assert shlex.split(done.output.splitlines()[-1]) == [
        *("frein", "train", "--log", str(little_log)),
        *("--horizon", "30d", "--moments", "30d"),
        *("--settings", str(tmp_path / "the best.toml"), "--seed", "1"),
    ]
    (again,), below = runs()
    assert again.info.run_id == study.info.run_id
    assert again.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in below} == {again.info.run_id}
    assert sorted(run.data.tags["trial"] for run in below) == ["0", "2", "3"]
    _holds_the_best(again, below, tmp_path / "the best.toml")


def _holds_the_best(study: Run, trials: list[Run], written: Path) -> None:
    losses = [trial.data.metrics.get("log_loss", 99.0) for trial in trials]
    assert study.data.metrics["log_loss"] == min(losses)
    assert read_settings(written).max_depth <= 6
    logged = mlflow.artifacts.load_text(f"runs:/{study.info.run_id}/settings.toml")
    assert logged == written.read_text()
    (model,) = connect().search_registered_models()
    assert str(model.latest_versions[0].version) == POOR  # none was added


@pytest.mark.parametrize(
    ("option", "told"),
    [
        pytest.param(["--trials", "0"], "--trials", id="no trial"),
        pytest.param(["--timeout", "soon"], "--timeout", id="no time"),
        pytest.param(["--horizon", "900d"], "horizon", id="a horizon too long"),
    ],
)
def test_what_cannot_be_tuned_is_refused(
    tune: Tune, option: list[str], told: str
) -> None:
    refused = tune(*option)
    assert refused.exit_code == 2 or refused.exception is not None
    assert told in refused.output or told in str(refused.exception)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        pytest.param("nowhere/best.toml", "can't be written", id="in no folder"),
        pytest.param("tuning.db/best.toml", "can't be written", id="below a file"),
        pytest.param(".", "is a folder", id="a folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_the_work(
    tune: Tune, tmp_path: Path, settings: str, told: str
) -> None:
    (tmp_path / "tuning.db").touch()
    refused = tune("--settings", str(tmp_path / settings))
    assert type(refused.exception).__name__ == "TrainingError"
    assert f"{tmp_path / settings} {told}" in str(refused.exception)
    assert runs() == ([], [])


def test_a_damaged_file_of_studies_is_told(tune: Tune, tmp_path: Path) -> None:
    (tmp_path / "tuning.db").write_bytes(b"no database" * 1000)
    refused = tune()
    assert type(refused.exception).__name__ == "ModelUnavailableError"
    assert "tuning.db" in str(refused.exception)
