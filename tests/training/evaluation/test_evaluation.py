"""`frein evaluate` and `frein compare`, on a real MLflow store."""

from datetime import UTC, datetime

import mlflow
import pytest
from typer.testing import CliRunner

import frein
from tests.training.conftest import GOOD, POOR, SAME, Shelf
from training.dataset.groups import WHOLE
from training.evaluation.comparison import Reading, compared
from training.metrics.metrics import METRICS
from training.promotion.promotion import place
from training.registry.candidates import candidate
from training.registry.registry import connect

runner = CliRunner()


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.cli.evaluate.out.width", 60)


def test_an_evaluation_is_a_run_below_the_model_s(store: Shelf) -> None:
    place(GOOD, now=datetime.now(UTC))
    folder = candidate(POOR).log

    result = runner.invoke(
        frein.app, ["evaluate", "--log", str(folder), "--model", POOR]
    )

    assert result.exit_code == 0, result.output
    told_whole(result.stdout)
    client = connect()
    run = client.get_run(result.output.split()[-1])
    assert run.data.tags["mlflow.parentRunId"] == candidate(POOR).run_id
    logged = mlflow.load_table("evaluation.json", run_ids=[run.info.run_id])
    contestants = {"model", "champion", "logistic", "lightgbm_31"}
    assert contestants <= set(logged["contestant"])
    assert set(logged["dimension"]) == {WHOLE, "age"}
    assert {f"model.{name}_low" for name in METRICS} <= set(run.data.metrics)
    assert run.data.metrics["champion.auc"] > run.data.metrics["model.auc"]
    high = run.data.metrics["champion.log_loss_high"]
    assert f"–{high:.3f}" in result.output


def told_whole(output: str) -> None:
    """Nothing is cut off, and no line is longer than the screen."""
    assert "…" not in output
    assert max(map(len, output.splitlines())) <= 60


def test_two_equal_models_are_indistinct_and_a_worse_one_is_not(store: Shelf) -> None:
    good, same, poor = (candidate(version) for version in (GOOD, SAME, POOR))
    alike = compared(store.log, good, same)
    assert {one.reading for one in alike.compared} == {Reading.INDISTINCT}
    unlike = {
        one.metric: one.reading
        for one in compared(store.log, good, poor).compared
        if one.group.dimension == WHOLE
    }
    assert unlike["auc"] is unlike["log_loss"] is Reading.WORSE


def test_runs_are_compared_as_versions_are(store: Shelf) -> None:
    runs = [candidate(version).run_id for version in (GOOD, POOR)]
    result = runner.invoke(frein.app, ["compare", *runs])
    assert result.exit_code == 0, result.output
    told_whole(result.stdout)
    assert f"version {POOR} less version {GOOD}" in result.output
    assert "average_precision" in result.output
    assert "worse" in result.output


@pytest.mark.parametrize("command", [["evaluate", "--log", "absent"], ["compare", "1"]])
def test_what_is_missing_is_told(store: Shelf, command: list[str]) -> None:
    assert runner.invoke(frein.app, command).exit_code != 0
