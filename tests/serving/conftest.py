from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from starlette.testclient import TestClient

from governance.pipeline import read_pipeline
from serving.api import create_app
from serving.database import Store
from serving.migrate import upgrade
from serving.models import Models
from serving.service import Service
from serving.settings import Settings
from serving.stages import install_pipeline
from tests.serving.builders import NOW, make_key
from tests.serving.fakes import CountingExplainer, SetClock


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at the last revision, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "frein.db"
    store = Store(f"sqlite:///{path}")
    upgrade(store)
    with store.writing() as session:
        install_pipeline(session, read_pipeline())
    store.close()
    return path


@pytest.fixture
def store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{copy(migrated, tmp_path / 'frein.db')}")
    yield store
    store.close()


@pytest.fixture
def service(store: Store) -> Service:
    return Service(
        settings=Settings(),
        store=store,
        pipeline=read_pipeline(),
        models=Models(CountingExplainer()),
        clock=SetClock(NOW),
    )


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def headers(service: Service) -> dict[str, str]:
    """Those of a key that speaks for `crm`."""
    return make_key(service)[1]
