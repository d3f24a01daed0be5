"""A training on a Dask cluster, whose two workers are processes of their own."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from distributed import LocalCluster
from typer.testing import CliRunner, Result

import frein
from data.generate import generate
from features.log import read_log
from tests.made_once import empty_registry
from training.fitting import dask_engine as cluster
from training.registry.registry import run_of

NEAR = 0.005  # of AUC
FEW_TREES = """\
n_trees = 40
learning_rate = 0.1
n_blocks = 2
feature_fraction = 1.0  # draws of few trees are off by more than what is measured
bagging_fraction = 1.0
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster") / "log"
    generate(folder, leads=4_000, seed=7, with_truth=False)
    return folder


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as two:
        yield two.scheduler_address


@pytest.fixture
def store(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A registry of its own, with nothing in it."""
    store = copyfile(empty_registry(tmp_path_factory), tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")


def train(log: Path, *more: str) -> Result:
    asked = ["train", "--log", str(log), "--horizon", "30d", "--moments", "7d,30d"]
    return CliRunner().invoke(frein.app, [*asked, *more])


@pytest.mark.usefixtures("store")
def test_two_workers_train_what_one_machine_does(
    log: Path, address: str, tmp_path: Path
) -> None:
    few = tmp_path / "few.toml"
    few.write_text(FEW_TREES, encoding="utf-8")
    for more in ((), ("--engine", "dask", "--scheduler", address)):
        done = train(log, "--settings", str(few), *more)
        assert done.exit_code == 0, done.output
    alone, together = run_of("1").data, run_of("2").data
    assert abs(alone.metrics["auc"] - together.metrics["auc"]) <= NEAR
    for same in ("n_train", "n_test", "n_censored", "n_signals"):
        assert alone.params[same] == together.params[same]
    assert alone.tags["log_sha256"] == together.tags["log_sha256"]


def test_the_asking_machine_keeps_no_contents(log: Path, address: str) -> None:
    with cluster.cluster_of(log, address) as (kept, _):
        whole = read_log(log).events.drop("data").sort("source", "event_id")
        assert kept.events.drop("data").sort("source", "event_id").equals(whole)
        assert kept.events["data"].unique().to_list() == ["{}"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(["--engine", "dask"], "--scheduler", id="no scheduler"),
        pytest.param(["--scheduler", "tcp://127.0.0.1:9"], "--engine", id="no engine"),
    ],
)
def test_an_engine_and_its_scheduler_go_together(
    log: Path, options: list[str], told: str
) -> None:
    refused = train(log, *options)
    assert refused.exit_code == 2
    assert told in refused.output


@pytest.mark.usefixtures("store")
def test_a_scheduler_that_nobody_runs_is_told(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1)
    refused = train(log, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert type(refused.exception).__name__ == "TrainingError"
    assert "tcp://127.0.0.1:9: no Dask scheduler answers" in str(refused.exception)
