"""A store that is full, read-only or damaged is told as such."""

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text
from starlette.testclient import TestClient

from serving.database.engine import Store
from serving.database.migrate import upgrade
from serving.errors import StoreCorruptError, StoreReadOnlyError
from serving.runtime.service import Service
from tests.serving.builders import make_event, make_key


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Pages can be counted there."""
    return sqlite_store


def limit_pages(store: Store, more: int) -> None:
    """Leave room for so many pages more, in all connections."""
    with store.engine.connect() as connection:
        count = connection.exec_driver_sql("PRAGMA page_count").scalar()

    @event.listens_for(store.engine, "begin")
    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={int(count or 0) + more}")


def test_a_full_disk_is_a_507_and_not_ready(
    client: TestClient, service: Service
) -> None:
    headers = make_key(service)[1]
    assert client.get("/health/ready").status_code == 200
    limit_pages(service.store, 30)
    heavy = {"text": "x" * 20_000}
    answers = [
        client.post(
            "/v1/events", json=make_event(id=f"{n}", data=heavy), headers=headers
        )
        for n in range(12)
    ]
    full = answers[-1]
    assert full.status_code == 507
    assert full.headers["content-type"] == "application/problem+json"
    assert full.json()["code"] == "store_full"
    service.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]  # a SetClock
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["code"]) == (507, "store_full")
    assert client.get("/health/live").status_code == 200
    assert client.get("/v1/leads", headers=headers).status_code == 200
    taken = sum(answer.status_code == 200 for answer in answers)
    with service.store.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM event")) == taken


def test_readiness_writes_once_in_a_while(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    monkeypatch.setattr(
        "serving.database.write_check._write", lambda *_: written.append(1)
    )
    for _ in range(3):
        assert client.get("/health/ready").status_code == 200
    assert len(written) == 1


def test_a_damaged_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "frein.db"
    path.write_bytes(b"this is no database " * 1000)
    with closing(Store(f"sqlite:///{path}")) as store, pytest.raises(StoreCorruptError):
        upgrade(store)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_file_that_cannot_be_written_is_told(sqlite_store: Store) -> None:
    path = Path(str(sqlite_store.engine.url.database))
    sqlite_store.close()
    path.chmod(0o400)
    with pytest.raises(StoreReadOnlyError):
        Store(f"sqlite:///{path}")


def test_a_store_that_refuses_writes_is_told(store: Store) -> None:
    @event.listens_for(store.engine, "begin")
    def read_only(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    with pytest.raises(StoreReadOnlyError), store.writing() as session:
        session.execute(text("UPDATE stage SET position = 1"))
