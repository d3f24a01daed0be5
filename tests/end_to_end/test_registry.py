from pathlib import Path
from shutil import copyfile

import mlflow
import numpy as np
import pytest

from explanations.artifact import load_scorer
from explanations.errors import ModelRejectedError
from explanations.scorer import probability
from features.encoding import encode
from serving.scoring.model_registry import mlflow_registry
from tests.end_to_end.conftest import Registered
from tests.made_once import empty_registry
from training.errors import ModelUnavailableError
from training.registry.registry import connect, current_champion, download


def test_the_registered_model_scores_as_the_trained_one(
    registered: Registered, tmp_path: Path
) -> None:
    champion = current_champion()
    scorer = load_scorer(download(champion, tmp_path), champion.manifest_sha256)
    rows = registered.trained.signals[:200]
    assert np.array_equal(
        scorer.log_odds(rows), registered.trained.scorer.log_odds(rows)
    )


def test_a_data_scientist_loads_the_calibrated_probability(
    registered: Registered,
) -> None:
    scorer, rows = registered.trained.scorer, registered.trained.signals[:200]
    matrix = encode(rows, scorer.catalogue, scorer.facts.codes)
    connect()
    model = mlflow.pyfunc.load_model("models:/lead-scoring@champion")
    frame = mlflow.models.get_model_info(
        "models:/lead-scoring@champion"
    ).signature.inputs.input_names()
    predicted = model.predict({name: matrix[:, i] for i, name in enumerate(frame)})
    assert np.allclose(predicted, probability(scorer.log_odds(rows)), atol=1e-12)


def test_no_note_is_logged(registered: Registered) -> None:
    told = registered.trained.signals["last_note"].drop_nulls()
    sentence = told[0].partition(".")[0].encode()
    assert b" " in sentence
    artifacts = (registered.store / "artifacts").rglob("*")
    written = [registered.store / "mlflow.db", *filter(Path.is_file, artifacts)]
    assert "facts.json" in {one.name for one in written}
    assert not [one for one in written if sentence in one.read_bytes()]


def test_the_run_says_what_went_in_and_what_came_out(registered: Registered) -> None:
    connect()
    client = mlflow.MlflowClient()
    registration = client.get_model_version("lead-scoring", registered.champion.version)
    assert registration.run_id is not None
    run = client.get_run(registration.run_id)
    assert {"auc", "average_precision", "log_loss", "ece", "lift_at_10"} <= set(
        run.data.metrics
    )
    assert {"git_commit", "log_sha256", "catalogue_sha256"} <= set(run.data.tags)
    assert run.inputs is not None
    assert run.inputs.dataset_inputs
    logged = mlflow.load_table("importance.json", run_ids=[run.info.run_id])
    assert logged["idea"].to_list() == registered.trained.importance["idea"].to_list()
    assert (logged["importance"] > 0).any()
    drawn = {one.path for one in client.list_artifacts(run.info.run_id, "figures")}
    wanted = ("gain_and_lift", "ideas", "precision_recall", "reliability", "signals")
    assert drawn == {f"figures/{name}.png" for name in wanted}
    curve = client.get_metric_history(run.info.run_id, "curve/hold_out_log_loss")
    assert [one.step for one in curve][-1] == 300
    assert curve[-1].value == pytest.approx(run.data.metrics["log_loss"], abs=1e-9)


def test_the_example_is_nobody_s_and_is_scored(registered: Registered) -> None:
    connect()
    model = mlflow.pyfunc.load_model("models:/lead-scoring@champion")
    scores = model.predict(model.input_example)
    assert len(scores) == 3
    assert ((scores > 0) & (scores < 1)).all()
    catalogue = registered.trained.scorer.catalogue
    assert list(model.input_example.columns) == list(catalogue.names)


def test_a_model_whose_files_changed_is_refused(registered: Registered) -> None:
    registry = mlflow_registry()
    (model,) = (registered.store / "artifacts").rglob("model.lgb")
    genuine = model.read_bytes()
    model.write_bytes(genuine.replace(b"leaf_value=", b"leaf_value=9", 1))
    try:
        with pytest.raises(ModelRejectedError, match=r"model\.lgb"):
            registry.load(registry.champion())
    finally:
        model.write_bytes(genuine)


def test_a_registry_without_champion_says_so(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = copyfile(empty_registry(tmp_path_factory), tmp_path / "empty.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    with pytest.raises(ModelUnavailableError):
        current_champion()
