from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from governance.people.feedback import Judgement, read_judgement
from governance.policy.pipeline import Pipeline, read_pipeline
from governance.rules.exception_cases import Cases
from governance.rules.ruleset import Rules
from serving.app.application import create_app
from serving.database.engine import SQLITE, Store
from serving.database.migrate import install_pipeline, upgrade
from serving.database.tables import Base
from serving.runtime.served_model import Models
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from tests.postgres import Postgres, running_postgres
from tests.serving.builders import NOW, make_key, url_of, write
from tests.serving.fakes import CountingExplainer, SetClock


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, pipeline: Pipeline) -> Path:
    """A database at the last revision, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "frein.db"
    store = Store(f"sqlite:///{path}")
    upgrade(store)
    with store.writing() as session:
        install_pipeline(session, pipeline)
    store.close()
    return path


@pytest.fixture
def sqlite_store(migrated: Path, tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{copy(migrated, tmp_path / 'frein.db')}")
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def emptied(postgres: Postgres, pipeline: Pipeline) -> Iterator[Callable[[], Store]]:
    """Gives a store on PostgreSQL that was emptied: quicker than a new database."""
    with postgres.database() as url:
        store = Store(url)
        upgrade(store)
        with postgres.superuser(str(store.engine.url.database)) as superuser:

            def empty() -> Store:
                for table in reversed(Base.metadata.sorted_tables):
                    superuser.execute(table.delete())
                with store.writing() as session:
                    install_pipeline(session, pipeline)
                return store

            yield empty
        store.close()


@pytest.fixture
def postgres_store(emptied: Callable[[], Store]) -> Store:
    return emptied()


@pytest.fixture(params=["sqlite_store", "postgres_store"])
def store(request: pytest.FixtureRequest) -> Store:
    """A store at the last revision, on each kind of database."""
    given: Store = request.getfixturevalue(request.param)
    return given


@pytest.fixture
def tamper(store: Store, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Runs SQL as one who may do anything: no trigger stops it."""

    def run(statement: str) -> None:
        if store.engine.dialect.name == SQLITE:
            triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            with store.reading() as session:
                kept = session.execute(text(triggers)).all()
            write(store, *(f"DROP TRIGGER {name}" for name, _ in kept), statement)
            store.engine.dispose()  # its connections may know the old schema
            write(store, *(sql for _, sql in kept))
            return
        postgres: Postgres = request.getfixturevalue("postgres")
        with postgres.superuser(str(store.engine.url.database)) as superuser:
            superuser.execute(text(statement))

    return run


@pytest.fixture(scope="session")
def defaults() -> Settings:
    """Read once: that takes longer than many a test."""
    return Settings()


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return read_pipeline()


@pytest.fixture(scope="session")
def judgement() -> Judgement:
    return read_judgement()


@pytest.fixture
def service(
    store: Store,
    defaults: Settings,
    pipeline: Pipeline,
    judgement: Judgement,
    tmp_path: Path,
) -> Service:
    return Service(
        settings=defaults.model_copy(
            update={
                "database_url": url_of(store),
                "audit_folder": tmp_path / "audit",
                "allowed_hosts": ("testserver",),  # TestClient's
            }
        ),
        store=store,
        pipeline=pipeline,
        judgement=judgement,
        rules=Rules(version=1, text=""),
        cases=Cases(version=1),
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


@pytest.fixture
def command_line(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line works on the fixtures' database and folder."""
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(service.store))
    monkeypatch.setenv("FREIN_AUDIT_FOLDER", str(service.settings.audit_folder))
