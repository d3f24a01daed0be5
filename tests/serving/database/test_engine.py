"""A transaction that writes waits for its turn, or says that it didn't come."""

from pathlib import Path

import pytest
from sqlalchemy import text

from serving.database import engine as database
from serving.database.engine import POSTGRESQL, SQLITE, Store
from serving.errors import StoreBusyError, StoreOvertakenError
from tests.serving.builders import url_of


def test_a_write_lock_that_does_not_come_is_our_own_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", ("busy_timeout=50",))
    monkeypatch.setattr(database, "_PARAMETERS", "-c lock_timeout=50ms")
    hurried = Store(url_of(store))

    with store.writing() as session:
        session.execute(text("UPDATE stage SET position = position"))
        with pytest.raises(StoreBusyError), hurried.writing() as other:
            other.execute(text("UPDATE stage SET position = position"))
    hurried.close()


def test_another_writer_who_was_quicker_is_our_own_error(postgres_store: Store) -> None:
    add = text(
        "INSERT INTO stage (name, position, reserved, closes)"
        " VALUES ('autre', 9, false, false)"
    )

    def add_too_late() -> None:
        with postgres_store.writing() as session:
            with postgres_store.writing() as quicker:
                quicker.execute(add)
            session.execute(add)

    with pytest.raises(StoreOvertakenError):
        add_too_late()


def test_a_reader_keeps_one_view_and_writes_nothing(store: Store) -> None:
    count = text("SELECT count(*) FROM stage")
    add = text(
        "INSERT INTO stage (name, position, reserved, closes)"
        " VALUES ('autre', 9, false, false)"
    )
    with store.reading() as session:
        before = session.scalar(count)
        with store.writing() as writer:
            writer.execute(add)
        assert session.scalar(count) == before


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


@pytest.mark.parametrize(
    "url",
    ["sqlite:///{folder}/gone/frein.db", "postgresql+psycopg://u:secret@127.0.0.1:9/x"],
    ids=[SQLITE, POSTGRESQL],
)
def test_a_database_that_is_gone_is_busy(tmp_path: Path, url: str) -> None:
    (tmp_path / "gone").mkdir()
    store = Store(url.format(folder=tmp_path))
    (tmp_path / "gone").rmdir()
    with pytest.raises(StoreBusyError):
        store.ping()
    store.close()
