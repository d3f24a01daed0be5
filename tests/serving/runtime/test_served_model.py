"""A new champion is taken in; a bad one is refused and the old one stays."""

import logging
import time
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from explanations.errors import ModelRejectedError
from serving.app.application import create_app
from serving.runtime.served_model import Models, ModelWatch
from serving.runtime.service import Service
from tests.serving.builders import make_event, send
from tests.serving.fakes import MODEL, FakeRegistry
from training.errors import ModelUnavailableError

SECOND = replace(MODEL, version="2", sha256="b" * 64)


def watch_on(registry: FakeRegistry, models: Models, every: float = 9) -> ModelWatch:
    return ModelWatch(registry.port(), models, every)


def test_the_champion_is_loaded_once() -> None:
    registry, models = FakeRegistry(), Models()
    watch = watch_on(registry, models)
    watch.look()
    watch.look()
    assert models.current().model == MODEL
    assert registry.loads == ["1"]


def test_a_new_champion_replaces_the_old_one() -> None:
    registry, models = FakeRegistry(), Models()
    watch = watch_on(registry, models)
    watch.look()
    registry.champion = SECOND
    watch.look()
    assert models.current().model == SECOND


def test_a_rejected_model_is_told_once_and_the_old_one_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry, models = FakeRegistry(), Models()
    watch = watch_on(registry, models)
    watch.look()
    registry.champion = SECOND
    registry.failures["2"] = ModelRejectedError("model.lgb: SHA-256 is c")
    with caplog.at_level(logging.ERROR):
        watch.look()
        watch.look()

    assert models.current().model == MODEL
    assert [record.message for record in caplog.records] == ["model_rejected"]


def test_a_rejected_model_serves_once_its_files_are_right() -> None:
    registry, models = FakeRegistry(), Models()
    watch = watch_on(registry, models)
    registry.failures["1"] = ModelRejectedError("model.lgb: SHA-256 is c")
    watch.look()
    assert models.loaded is None
    del registry.failures["1"]
    watch.look()
    assert models.current().model == MODEL


def test_an_unreachable_registry_leaves_the_model_in() -> None:
    registry, models = FakeRegistry(), Models()
    watch = watch_on(registry, models)
    watch.look()
    registry.champion = None
    watch.look()
    assert models.current().model == MODEL


def test_without_a_champion_there_is_no_model() -> None:
    models = Models()
    watch_on(FakeRegistry(champion=None), models).look()
    with pytest.raises(ModelUnavailableError):
        models.current()


def test_a_failure_of_an_unknown_sort_does_not_end_the_watch() -> None:
    registry, models = FakeRegistry(), Models()
    registry.failures["1"] = RuntimeError("a bug")
    watch = watch_on(registry, models, every=0.01)
    watch.start()
    wait_for(lambda: len(registry.loads) > 1)
    del registry.failures["1"]
    wait_for(lambda: models.loaded is not None)
    watch.stop()


def test_a_running_service_takes_a_new_champion_without_dropping_a_call(
    service: Service,
) -> None:
    registry = FakeRegistry(champion=None)
    service = replace(service, models=Models())
    watch = watch_on(registry, service.models, every=0.01)
    from tests.serving.builders import make_key

    _, headers = make_key(service)
    with TestClient(create_app(service, watch)) as client:
        not_ready = client.get("/health/ready")
        assert (not_ready.status_code, not_ready.json()["code"]) == (
            503,
            "model_unavailable",
        )
        registry.champion = MODEL
        wait_for(lambda: client.get("/health/ready").status_code == 200)
        send(client, headers, make_event())
        registry.champion = SECOND
        versions = []
        while "2" not in versions:
            answer = client.post("/v1/leads/L-1/score", headers=headers)
            assert answer.status_code == 200
            versions.append(answer.json()["model"]["version"])
        assert set(versions) <= {"1", "2"}


def wait_for(condition: object, seconds: float = 5) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
