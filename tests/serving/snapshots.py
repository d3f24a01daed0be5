"""What a store holds, kept and put back: quicker than the calls that made it."""

from collections.abc import Callable
from typing import Any, cast

import pysqlite3
from psycopg.sql import Literal
from sqlalchemy import Connection, text

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
    """All of it in one message to the server."""
    names = [table.name for table in Base.metadata.sorted_tables]
    put_back = [f"DELETE FROM {name}" for name in reversed(names)]
    for name in names:
        kept = f"SELECT CAST(json_agg(kept) AS text) FROM {name} AS kept"
        if rows := superuser.scalar(text(kept)):
            put_back.append(
                f"INSERT INTO {name} SELECT * FROM"
                f" json_populate_recordset(NULL::{name}, {_quoted(rows, superuser)})"
            )

    def restore(_: Store, superuser: Connection | None) -> None:
        assert superuser is not None
        _driver(superuser).execute(";".join(put_back))

    return restore


def _quoted(words: str, superuser: Connection) -> str:
    return Literal(words).as_string(_driver(superuser))
