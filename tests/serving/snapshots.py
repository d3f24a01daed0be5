"""What a store holds, kept and put back: quicker than the calls that made it."""

from collections.abc import Callable
from typing import Any, cast

import pysqlite3
from sqlalchemy import Connection, select

from serving.database.engine import Store
from serving.database.tables import Base

Restore = Callable[[Store, Connection | None], None]


def snapshot(store: Store, superuser: Connection | None) -> Restore:
    """Gives what puts the present content back into a store of the same kind.

    On PostgreSQL, a superuser is connected to its database: no trigger stops them.
    """
    if superuser is None:
        return _sqlite_snapshot(store)
    return _postgres_snapshot(superuser)


def _sqlite_snapshot(store: Store) -> Restore:
    kept = pysqlite3.connect(":memory:", check_same_thread=False)
    with store.engine.connect() as connection:
        _driver(connection).backup(kept)

    def restore(store: Store, _: Connection | None) -> None:
        with store.engine.connect() as connection:
            kept.backup(_driver(connection))

    return restore


def _driver(connection: Connection) -> Any:
    return cast(Any, connection.connection.driver_connection)


def _postgres_snapshot(superuser: Connection) -> Restore:
    tables = Base.metadata.sorted_tables
    kept = {
        table: [dict(row) for row in superuser.execute(select(table)).mappings()]
        for table in tables
    }

    def restore(_: Store, superuser: Connection | None) -> None:
        assert superuser is not None
        for table in reversed(tables):
            superuser.execute(table.delete())
        for table, rows in kept.items():
            if rows:
                superuser.execute(table.insert(), rows)

    return restore
