"""Restoring: a backup is made ready in a new place, then takes the old store's place at
once. Killed before that, it leaves the old store whole."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import URL, Table, func, make_url, select, text
from sqlalchemy.orm import Session

from governance.audit.chain import SYSTEM, Action, AuditEntry, Subject, SubjectKind
from serving.audit.tombstones import KEYS, TOMBSTONES, Tombstones, merge_tombstones
from serving.audit.verification import find_break
from serving.backup.archive import (
    ROWS_AT_ONCE,
    BackupLabel,
    make_durable,
    opened,
    unpacked,
)
from serving.database.engine import SQLITE, Store, file_place, place_of
from serving.database.migrate import migrate, upgrade
from serving.database.tables import Base
from serving.database.triggers import lifted
from serving.errors import (
    AuditBrokenError,
    BackupError,
    StoreBusyError,
    StoreCorruptError,
)
from serving.privacy.forget import forget_again
from serving.repositories.audit import append, head, last_event_named
from serving.repositories.events import number_events_after

_STORE, _ANCHORS = "frein.db", "audit"  # in the new place
_OURS = [*Base.metadata.tables, "alembic_version"]
_OTHERS = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND usename = current_user AND pid <> pg_backend_pid()"""
_FUNCTIONS = """SELECT DISTINCT p.oid::regprocedure::text FROM pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
    AND c.relname = ANY(:tables)"""


def restore(
    url: str, folder: Path, source: Path, now: datetime, *, verify: bool
) -> BackupLabel:
    """Put a backup in the place of the store at `url` and of its anchors' `folder`.

    Anchors and a key that were there and differ are kept beside the restored ones. Whom
    the tombstones there or in the backup name is forgotten again.
    `verify`: every page, index and row of the audit is looked at first.

    Raises
    ------
    BackupError, StoreCorruptError, StoreRevisionError, AuditBrokenError
        Nothing was changed then.
    """
    with _staged(make_url(url), folder, source) as stage:
        label = unpacked(stage / _STORE, stage / _ANCHORS, whole=verify)
        ready = Store(f"sqlite:///{stage / _STORE}", pool_size=1)
        with closing(ready), closing(Store(url, pool_size=1)) as target:
            upgrade(ready)
            if verify:
                _verify(ready, stage / _ANCHORS)
            merge_tombstones(folder, stage / _ANCHORS)
            if forget_again(ready, Tombstones(stage / _ANCHORS), SYSTEM, now):
                ready.scrub(whole=True)
            _note(ready, label, _place(stage / _STORE, target), now)
            if target.engine.dialect.name == SQLITE:
                ready.close()  # it is one file, then
                _swap_files(stage, Path(str(target.engine.url.database)), folder, now)
            else:
                _swap_rows(ready, target, stage, folder, now)
    return label


@contextmanager
def _staged(url: URL, folder: Path, source: Path) -> Iterator[Path]:
    """A new folder, with a copy of the backup; beside the SQLite file, so that it takes
    the other's place by its name alone."""
    is_file = url.get_backend_name() == SQLITE
    beside = Path(str(url.database)).parent if is_file else folder.parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        for left in beside.glob(".frein-restore-*"):  # by one that was killed
            shutil.rmtree(left, ignore_errors=True)
        stage = Path(mkdtemp(prefix=".frein-restore-", dir=beside))
    except OSError as error:
        raise BackupError(f"{beside}: {error.strerror}") from error
    try:
        try:
            copy = stage / _STORE
            copy.touch(mode=0o600)
            shutil.copyfile(source, copy)
        except OSError as error:
            raise BackupError(f"{source}: {error.strerror}") from error
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _verify(store: Store, folder: Path) -> None:
    with store.reading() as session:
        if session.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise StoreCorruptError("a row refers to one that isn't there")
    broken = find_break(store, folder, whole=True)
    if broken is not None:
        raise AuditBrokenError(broken.kind.value, broken.seq)


def _note(store: Store, label: BackupLabel, place: str, now: datetime) -> None:
    """The audit says that its own end may have been another, and where the store is."""
    with store.writing() as session:
        entry = AuditEntry(
            action=Action.STORE_RESTORED,
            by=SYSTEM,
            subject=Subject(SubjectKind.SERVICE, "store"),
            after={
                "saved_at": label.at.isoformat(),
                "last_row": head(session).seq,
                "place": place,
            },
        )
        append(session, [entry], now)


def _place(ready: Path, target: Store) -> str:
    """Where the store will be."""
    if target.engine.dialect.name == SQLITE:
        return file_place(Path(str(target.engine.url.database)), ready)
    with target.reading() as session:
        return place_of(session)


# --- SQLite: a file takes the place of another ------------------------------------


def _swap_files(stage: Path, path: Path, folder: Path, now: datetime) -> None:
    _close_old(path)
    ready = stage / _STORE
    with opened(ready) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    make_durable(ready)
    _put_files(stage / _ANCHORS, folder, now)
    ready.replace(path)
    make_durable(path.parent)


def _close_old(path: Path) -> None:
    """Have the old store in one file, and nobody else on it."""
    if not path.exists():
        return
    try:
        with opened(path) as connection:
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            if mode != ("delete",):
                raise StoreBusyError
    except StoreBusyError as error:
        raise BackupError(f"{path} is in use: stop the services first") from error
    except StoreCorruptError:  # it is to be replaced, with what was beside it
        for end in ("-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def _put_files(staged: Path, folder: Path, now: datetime) -> None:
    """The backup's anchors and keys; others that they replace stay beside them. They go
    first: older anchors hold for the old store as well."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(staged.iterdir()):
        place = folder / file.name
        is_merged = file.name in {TOMBSTONES, KEYS}
        if not is_merged and place.exists() and place.read_bytes() != file.read_bytes():
            aside = f"{place.stem}-before-{now:%Y%m%dT%H%M%SZ}{place.suffix}"
            shutil.copy2(place, folder / aside)
        draft = folder / f".{file.name}.part"
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_bytes(file.read_bytes())
        make_durable(draft)
        draft.replace(place)
    make_durable(folder)


# --- PostgreSQL: one transaction --------------------------------------------------


def _swap_rows(
    ready: Store, target: Store, stage: Path, folder: Path, now: datetime
) -> None:
    with ready.reading() as source, target.writing() as session:
        if session.scalar(text(_OTHERS)):
            raise BackupError("the database is in use: stop the services first")
        _drop_all(session)
        migrate(session.connection())
        tables = Base.metadata.sorted_tables
        with lifted(session, [table.name for table in tables]):
            for table in tables:
                _copy(source, session, table)
        number_events_after(session, last_event_named(session))
        _put_files(stage / _ANCHORS, folder, now)


def _drop_all(session: Session) -> None:
    functions = session.scalars(text(_FUNCTIONS), {"tables": _OURS}).all()
    for name in _OURS:
        session.execute(text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))
    for function in functions:
        session.execute(text(f"DROP FUNCTION {function}"))


def _copy(source: Session, session: Session, table: Table) -> None:
    """All rows of a table; its locks saw each when it was made."""
    driver: Any = session.connection().connection.driver_connection
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    rows = source.execute(select(table), execution_options={"yield_per": ROWS_AT_ONCE})
    with (
        driver.cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(row)
    key = table.autoincrement_column
    if key is not None:
        last = select(func.max(key)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(table.name, key.name)
        session.execute(select(func.setval(sequence, last)).where(last.is_not(None)))
