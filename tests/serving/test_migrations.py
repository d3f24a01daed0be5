from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from serving.database import Store
from serving.errors import DatabaseUnsupportedError
from serving.migrate import downgrade, upgrade
from serving.tables import Base


@pytest.fixture
def empty(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path}/new/frein.db")


def tables(store: Store) -> set[str]:
    return set(inspect(store.engine).get_table_names())


def test_migrations_give_the_tables_that_the_code_knows(empty: Store) -> None:
    upgrade(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
    empty.close()


def test_migrations_go_up_twice_down_and_up_again(empty: Store) -> None:
    upgrade(empty)
    upgrade(empty)
    downgrade(empty, "base")
    assert tables(empty) == {"alembic_version"}
    upgrade(empty)
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}
    empty.close()


def test_the_database_is_opened_with_care(empty: Store) -> None:
    with empty.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        triggers = connection.exec_driver_sql("PRAGMA recursive_triggers").scalar()
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert triggers == 1
    assert tuple(map(int, str(version).split("."))) >= (3, 51, 3)  # the WAL bug
    empty.close()


@pytest.mark.parametrize("url", ["postgresql://u:secret@h/x", "sqlite://"])
def test_another_database_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnsupportedError) as caught:
        Store(url)
    assert "secret" not in str(caught.value)
