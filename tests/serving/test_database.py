"""A transaction that writes waits for its turn, or says that it didn't come."""

from pathlib import Path

import pysqlite3
import pytest
from sqlalchemy import text

from serving import database
from serving.database import Store
from serving.errors import StoreBusyError


def test_a_write_lock_that_does_not_come_is_our_own_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(store.engine.url.database)
    monkeypatch.setattr(database, "_PRAGMAS", ("busy_timeout=50",))
    hurried = Store(f"sqlite:///{path}")
    other = pysqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreBusyError), hurried.writing() as session:
        session.execute(text("DELETE FROM task"))

    other.close()
    hurried.close()


def test_what_fails_half_way_is_not_written(store: Store) -> None:
    def write() -> None:
        with store.writing() as session:
            session.execute(text("UPDATE stage SET position = position + 100"))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write()
    with store.reading() as session:
        highest = session.scalar(text("SELECT max(position) FROM stage"))
    assert highest == 6


def test_a_database_that_is_gone_is_busy(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/gone/frein.db")
    (tmp_path / "gone").rmdir()
    with pytest.raises(StoreBusyError):
        store.ping()
    store.close()
