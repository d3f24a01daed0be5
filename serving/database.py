"""The database: how it is opened, and what a transaction is.

On SQLite every connection begins its own transactions: SQLAlchemy's default
lets two readers that then write lose an update (DESIGN §9).
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from serving.errors import DatabaseUnsupportedError, StoreBusyError

BUSY_SECONDS = 10
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # an acknowledged event survives a power cut
    "foreign_keys=ON",
    "recursive_triggers=ON",  # else INSERT OR REPLACE bypasses the triggers
    f"busy_timeout={BUSY_SECONDS * 1000}",
)
_WRITES = "frein_writes"  # an execution option: this connection means to write


class Store:
    """Sessions that read, and sessions that write and commit once, at the end."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.engine = _open(url, pool_size)
        self._writer_engine = self.engine.execution_options(**{_WRITES: True})
        # Threads of one process queue here rather than in SQLite's busy sleep.
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()
        )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one consistent view of the store."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that holds the write lock; commits on leaving, or rolls back."""
        with self._turn, Session(self._writer_engine) as session:
            try:
                with session.begin():
                    yield session
            except OperationalError as error:
                if "database is locked" in str(error.orig):
                    raise StoreBusyError from error
                raise

    def ping(self) -> None:
        """Ask the database for nothing; raises StoreBusyError if it doesn't answer."""
        try:
            with self.engine.connect() as connection:
                connection.execute(select(1))
        except OperationalError as error:
            raise StoreBusyError from error

    def close(self) -> None:
        self.engine.dispose()


def _open(url: str, pool_size: int) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise DatabaseUnsupportedError(parsed.render_as_string(hide_password=True))
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        parsed,
        module=pysqlite3,  # Debian's SQLite may corrupt a WAL (DESIGN §9)
        pool_size=pool_size,
        hide_parameters=True,  # no personal data in logged errors
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
