"""`frein drift` and `frein features describe`, on the demo's log and champion."""

import json

import mlflow
import pytest
from typer.testing import CliRunner

import frein
from tests.end_to_end.conftest import Registered
from training.registry.registry import connect

runner = CliRunner()


def run(*arguments: str) -> str:
    result = runner.invoke(frein.app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_drift_is_told_and_logged(registered: Registered) -> None:
    folder = str(registered.store / "log")
    since = ["--since", "2026-06-01", "--moments", "14d,60d"]

    told = json.loads(run("drift", "--log", folder, *since, "--json"))

    assert told["score"]["level"] == "stable"
    assert len(told["months"]) > 10
    client = connect()
    experiment = mlflow.get_experiment_by_name("lead-scoring")
    assert experiment is not None
    (run_, *_) = client.search_runs(
        [experiment.experiment_id], "attributes.run_name = 'drift-demo-2026-06-01'"
    )
    assert run_.data.tags["model_version"] == registered.champion.version
    assert run_.data.metrics["score_psi"] == told["score"]["psi"]
    logged = {one.path for one in client.list_artifacts(run_.info.run_id)}
    assert logged == {"drift.json", "drift.png"}


@pytest.mark.parametrize("columns", ["48", "120"])
def test_a_catalogue_is_described_whatever_the_width(
    registered: Registered, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setattr("training.cli.drift.out.width", int(columns))
    folder = str(registered.store / "log")

    told = run("features", "describe", "--log", folder, "--moments", "30d")

    lines = told.splitlines()
    assert max(map(len, lines)) <= int(columns)
    assert "…" not in told
    unbroken = "".join(told.split())
    assert registered.trained.scorer.catalogue.names[-1] in unbroken or columns == "48"


def test_a_description_as_json_has_every_signal(registered: Registered) -> None:
    folder = str(registered.store / "log")
    day = ["--split", "2026-05-01", "--moments", "30d"]

    told = json.loads(run("features", "describe", "--log", folder, *day, "--json"))

    names = registered.trained.scorer.catalogue.names
    assert [one["signal"] for one in told] == list(names)
    assert told[0]["wording"] == "réponses aux e-mails"
    assert told[0]["definition"] == "count of email_replied"
    # Nobody has judged a priority yet: the service writes that.
    assert {one["signal"]: one["warning"] for one in told if one["warning"]} == {
        "judged_priority": "never known: no event of the log is priority_confirmed, "
        "priority_contested",
        "priorities_contested": "always 0: no event of the log is priority_contested",
        "priorities_confirmed": "always 0: no event of the log is priority_confirmed",
    }
