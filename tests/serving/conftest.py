from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import Connection, text
from starlette.testclient import TestClient

from governance.people.feedback import Judgement, read_judgement
from governance.policy.pipeline import Pipeline, read_pipeline
from governance.rules.exception_cases import Cases
from governance.rules.ruleset import Rules
from serving.app.application import create_app
from serving.database.engine import SQLITE, Store
from serving.database.migrate import install_pipeline, upgrade
from serving.runtime.served_model import Models
from serving.runtime.service import Service
from serving.runtime.settings import Settings
from tests.postgres import Postgres, running_postgres
from tests.serving.builders import NOW, make_key, url_of, write
from tests.serving.fakes import CountingExplainer, SetClock
from tests.serving.snapshots import Restore, snapshot


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
def on_postgres(
    postgres: Postgres, pipeline: Pipeline
) -> Iterator[tuple[Store, Connection]]:
    """A store on PostgreSQL, and a superuser of its database."""
    with postgres.database() as url:
        store = Store(url)
        upgrade(store)
        with store.writing() as session:
            install_pipeline(session, pipeline)
        with postgres.superuser(str(store.engine.url.database)) as superuser:
            yield store, superuser
        store.close()


@pytest.fixture(scope="session")
def superuser(on_postgres: tuple[Store, Connection]) -> Connection:
    """Whom no trigger stops, in the database of `postgres_store`."""
    return on_postgres[1]


@pytest.fixture(scope="session")
def as_installed(on_postgres: tuple[Store, Connection]) -> Restore:
    """Empties the store on PostgreSQL: quicker than a new database."""
    return snapshot(*on_postgres)


@pytest.fixture
def postgres_store(
    on_postgres: tuple[Store, Connection], as_installed: Restore
) -> Store:
    as_installed(*on_postgres)
    return on_postgres[0]


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
            triggers = (
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
                " AND instr(:statement, tbl_name)"
            )
            with store.reading() as session:
                named = {"statement": statement}
                kept = session.execute(text(triggers), named).all()
            write(store, *(f"DROP TRIGGER {name}" for name, _ in kept), statement)
            store.engine.dispose()  # its connections may know the old schema
            write(store, *(sql for _, sql in kept))
            return
        superuser: Connection = request.getfixturevalue("superuser")
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
