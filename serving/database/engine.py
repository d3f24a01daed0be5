"""The database engine: connections, transactions and locks.

SQLite has one writer at a time, who begins with the write lock: SQLAlchemy's
default lets two readers that then write lose an update. On PostgreSQL writers lock
the rows of the leads they concern, in order, and the audit's lock last (DESIGN §9).
"""

import os
import threading
from collections.abc import Iterator
from contextlib import (
    AbstractContextManager,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from enum import IntEnum
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from features.errors import FreinError
from serving.errors import (
    DatabaseUnsupportedError,
    StoreBusyError,
    StoreCorruptError,
    StoreFullError,
    StoreOvertakenError,
    StoreReadOnlyError,
)

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BUSY_SECONDS = 10
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # an acknowledged event survives a power cut
    "foreign_keys=ON",
    "secure_delete=ON",  # what is erased is overwritten
    "recursive_triggers=ON",  # else INSERT OR REPLACE bypasses the triggers
    f"busy_timeout={BUSY_SECONDS * 1000}",
)
_PARAMETERS = (
    f"-c lock_timeout={BUSY_SECONDS}s "
    f"-c idle_in_transaction_session_timeout={6 * BUSY_SECONDS}s -c timezone=UTC"
)
_WRITES = "frein_writes"  # an execution option: this connection means to write
_NAMESPACE = 0x66726569  # of our advisory locks: others may use some in that database
_UNIQUE_VIOLATION = "23505"
_ROLLED_BACK = "40"  # the class of deadlocks and serialisation failures
_SQLITE_ERRORS: dict[str, type[FreinError]] = {  # by how their messages begin
    "database is locked": StoreBusyError,
    "unable to open database file": StoreBusyError,
    "database or disk is full": StoreFullError,
    "attempt to write a readonly database": StoreReadOnlyError,
    "database disk image is malformed": StoreCorruptError,
    "file is not a database": StoreCorruptError,
    "malformed database schema": StoreCorruptError,
}
_SQLSTATES: dict[str, type[FreinError]] = {
    "53100": StoreFullError,
    "25006": StoreReadOnlyError,
    "XX001": StoreCorruptError,
    "XX002": StoreCorruptError,
}


class Lock(IntEnum):
    """Locks of a whole PostgreSQL database; taken in this order."""

    START = 1  # a service brings the database up to date
    JOBS = 2  # who ticks
    CALLS = 3  # the calls that are made once
    SUSPENSION = 5  # of a rule
    AUDIT = 4  # the end of the audit's chain


class Store:
    """Sessions that read, and sessions that write and commit once, at the end.

    Raises DatabaseUnsupportedError if the URL names neither SQLite nor PostgreSQL
    through psycopg.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.engine, self._reader, self._writer = _open(make_url(url), pool_size)
        # Threads of one process queue here rather than in SQLite's busy sleep.
        self._writer_queue: AbstractContextManager[object] = (
            threading.Lock() if self.engine.dialect.name == SQLITE else nullcontext()
        )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one consistent view of the store."""
        with translated(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that may write; commits on leaving, or rolls back.

        Raises
        ------
        StoreBusyError
            If a lock didn't come in time, or the database doesn't answer.
        StoreOvertakenError
            If another writer was quicker, on PostgreSQL: start again.
        StoreFullError, StoreReadOnlyError, StoreCorruptError
        """
        with (
            self._writer_queue,
            translated(),
            Session(self._writer) as session,
            session.begin(),
        ):
            yield session

    def ping(self) -> None:
        """Ask the database for nothing; raises StoreBusyError if it doesn't answer."""
        with self.reading() as session:
            session.execute(select(1))

    def scrub(self, *, whole: bool = False) -> bool:
        """Have what was erased leave SQLite's files; False while others read there, or
        on PostgreSQL, whose owner sees to it (docs/rgpd.md).

        `whole`: the file is written anew, without what was erased before this version.
        """
        if self.engine.dialect.name != SQLITE:
            return False
        with self._writer_queue, closing(self.engine.raw_connection()) as connection:
            driver: Any = connection.driver_connection
            try:
                with translated():
                    if whole:
                        driver.execute("VACUUM")
                    emptied = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    busy, *_ = emptied.fetchone()
            except StoreBusyError:
                return False
        return not busy

    def close(self) -> None:
        self.engine.dispose()


def hold(session: Session, lock: Lock) -> None:
    """Wait for a lock, kept to the transaction's end; SQLite's writer has them all."""
    if session.get_bind().dialect.name == POSTGRESQL:
        session.execute(select(func.pg_advisory_xact_lock(_NAMESPACE, lock.value)))


def place_of(session: Session) -> str:
    """Where the store is: a copy of it is elsewhere."""
    url = session.get_bind().engine.url
    if url.get_backend_name() == SQLITE:
        path = Path(str(url.database))
        return file_place(path, path)
    own = "SELECT oid FROM pg_database WHERE datname = current_database()"
    return f"{url.database}, database {session.scalar(text(own))}"


def file_place(path: Path, file: Path) -> str:
    """The place of a SQLite file once it has this path: it keeps its number."""
    return f"{path.resolve()}, file {file.stat().st_ino}"


@contextmanager
def translated() -> Iterator[None]:
    """Raise our own errors in place of the driver's that have one."""
    try:
        yield
    except (DBAPIError, pysqlite3.Error) as error:
        ours = _as_ours(error)
        if ours is None:
            raise
        raise ours from error


def _as_ours(error: Any) -> FreinError | None:
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, pysqlite3.Error):
        kinds = (
            k for said, k in _SQLITE_ERRORS.items() if str(origin).startswith(said)
        )
        kind = next(kinds, None)
        return None if kind is None else kind()
    sqlstate = getattr(origin, "sqlstate", None) or ""  # none: no connection
    if sqlstate in _SQLSTATES:
        return _SQLSTATES[sqlstate]()
    if sqlstate == _UNIQUE_VIOLATION or sqlstate.startswith(_ROLLED_BACK):
        return StoreOvertakenError()
    return StoreBusyError() if isinstance(error, OperationalError) else None


def _open(url: URL, pool_size: int) -> tuple[Engine, Engine, Engine]:
    """The engine, one that reads and one that writes."""
    if url.drivername in {POSTGRESQL, f"{POSTGRESQL}+psycopg"}:
        return _open_postgresql(url, pool_size)
    if url.get_backend_name() == SQLITE and url.database:
        return _open_sqlite(url, pool_size)
    raise DatabaseUnsupportedError(url.render_as_string(hide_password=True))


def _open_postgresql(url: URL, pool_size: int) -> tuple[Engine, Engine, Engine]:
    try:
        engine = create_engine(
            url.set(drivername=f"{POSTGRESQL}+psycopg"),
            pool_size=pool_size,
            pool_pre_ping=True,  # one that the server closed is replaced
            isolation_level="READ COMMITTED",  # rows are locked, whatever the default
            connect_args={"options": _PARAMETERS, "connect_timeout": BUSY_SECONDS},
            hide_parameters=True,  # no personal data in logged errors
        )
    except ModuleNotFoundError as error:
        raise DatabaseUnsupportedError(
            "PostgreSQL needs the package psycopg: pip install 'frein[postgresql]'"
        ) from error
    reader = engine.execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    return engine, reader, engine


def _open_sqlite(url: URL, pool_size: int) -> tuple[Engine, Engine, Engine]:
    path = Path(str(url.database))
    _prepare(path)
    engine = create_engine(
        url,
        module=pysqlite3,  # Debian's SQLite may corrupt a WAL (DESIGN §9)
        pool_size=pool_size,
        hide_parameters=True,
    )
    event.listen(engine, "do_connect", lambda *_: _keep_to_owner(path))
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine, engine, engine.execution_options(**{_WRITES: True})


def _prepare(path: Path) -> None:
    """Make the folder; raises StoreReadOnlyError if nothing can be written there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreReadOnlyError(f"{path.parent}: {error.strerror}") from error
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise StoreReadOnlyError(str(path))


def _keep_to_owner(path: Path) -> None:
    """Have nobody else read the store; SQLite gives its other files the same mode.

    Where the file isn't ours, its mode is its owner's matter.
    """
    with suppress(OSError):
        path.touch(mode=0o600)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


def _set_pragmas(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
