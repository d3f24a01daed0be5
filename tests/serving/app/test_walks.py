"""The walks of `docs/architecture.md` through the service, held to traces."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from governance.policy.pipeline import read_pipeline
from governance.rules.ruleset import RULES_FILE, read_rules
from serving.app.application import create_app
from serving.database.engine import Store
from serving.runtime.service import Service
from tests.architecture.tracing import check_walk, modules_entered
from tests.serving.builders import make_event, make_key, send

AROUND = frozenset(  # of every call: middleware, dependencies, the store
    f"serving.{room}" for room in ("app", "auth", "database", "http", "runtime")
)


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """One kind of database is enough: the modules are the same."""
    return sqlite_store


@pytest.fixture
def with_rules(service: Service) -> Service:
    return replace(service, rules=read_rules(RULES_FILE, read_pipeline()))


def test_a_posted_event_goes_the_way_that_is_told(with_rules: Service) -> None:
    headers = make_key(with_rules)[1]
    with modules_entered() as entered, TestClient(create_app(with_rules)) as client:
        form = make_event(type="form_submitted", data={"form": "demo"})
        assert send(client, headers, form)["accepted"] == 1
    check_walk("A posted event", entered, around=AROUND)


def test_a_reserved_move_goes_the_way_that_is_told(with_rules: Service) -> None:
    headers = make_key(with_rules)[1]
    with TestClient(create_app(with_rules)) as client:
        send(client, headers, make_event())
    with modules_entered() as entered, TestClient(create_app(with_rules)) as client:
        answer = client.post(
            "/v1/leads/L-1/stage-moves",
            json={"to": "negociation_finale"},
            headers=headers,
        )
        assert answer.json()["code"] == "reserved_for_people"
    check_walk("A reserved move", entered, around=AROUND)
