"""A backup's file: a SQLite database with all rows of a store, of one instant, and the
files of its anchors.

It is the same for both kinds of store: what was saved from one can be restored to the
other.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pysqlite3
from pydantic import TypeAdapter
from sqlalchemy import insert, select

from serving.database.engine import SQLITE, Store, translated
from serving.database.migrate import upgrade
from serving.database.tables import Base
from serving.database.triggers import lifted
from serving.errors import BackupError, StoreCorruptError
from serving.repositories.audit import last_event_named
from serving.repositories.events import number_events_after

FORMAT = 1
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupLabel:
    """What a backup says of itself; `rows` by table."""

    format: int
    at: datetime
    rows: Mapping[str, int]


_LABEL = TypeAdapter(BackupLabel)


def back_up(store: Store, folder: Path, to: Path, now: datetime) -> BackupLabel:
    """Save a store, in service or not, and the files of its anchors' folder.

    The file is there whole, or not at all; it is readable by its owner only, as it
    holds the keys too.

    Raises BackupError if the file is there already, or can't be written.
    """
    if to.exists():
        raise BackupError(f"{to} is there already, and a backup replaces nothing")
    draft = to.with_name(f".{to.name}.part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        files = _files_of(folder)  # first: no anchor is then of a later row
        if store.engine.dialect.name == SQLITE:
            _vacuum_into(store, draft)
        else:
            _copy_rows(store, draft)
        label = _labelled(draft, files, now)
        make_durable(draft)
        draft.rename(to)
        make_durable(to.parent)
    except OSError as error:
        raise BackupError(f"{to}: {error.strerror}") from error
    finally:
        for part in (draft, *_beside(draft)):
            part.unlink(missing_ok=True)
    return label


def _files_of(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _vacuum_into(store: Store, draft: Path) -> None:
    """SQLite's own copy, of one snapshot; writers go on meanwhile."""
    with translated(), closing(store.engine.raw_connection()) as connection:
        driver: Any = connection.driver_connection
        driver.execute("VACUUM INTO ?", (str(draft),))


def _copy_rows(store: Store, draft: Path) -> None:
    """Triggers rest: the locks saw each row when it was made."""
    target = Store(f"sqlite:///{draft}", pool_size=1)
    tables = Base.metadata.sorted_tables
    with closing(target):
        upgrade(target)
        with (
            store.reading() as source,
            target.writing() as session,
            lifted(session, [table.name for table in tables]),
        ):
            for table in tables:
                rows = source.execute(
                    select(table), execution_options={"yield_per": ROWS_AT_ONCE}
                )
                for some in rows.mappings().partitions():
                    session.execute(insert(table), [dict(row) for row in some])
            number_events_after(session, last_event_named(source))


def _labelled(draft: Path, files: Mapping[str, bytes], now: datetime) -> BackupLabel:
    with opened(draft) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file
        names = [table.name for table in Base.metadata.sorted_tables]
        counts = {name: _count(connection, name) for name in names}
        label = BackupLabel(format=FORMAT, at=now, rows=counts)
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE backup_label (label TEXT NOT NULL)")
        connection.execute("CREATE TABLE backup_file (name TEXT, content BLOB)")
        kept = (_LABEL.dump_json(label).decode(),)
        connection.execute("INSERT INTO backup_label VALUES (?)", kept)
        connection.executemany("INSERT INTO backup_file VALUES (?, ?)", files.items())
        connection.execute("COMMIT")
    return label


def unpacked(draft: Path, folder: Path, *, whole: bool) -> BackupLabel:
    """Take a copy of a backup for what it is: the store stays in the file, the files of
    the anchors go into a folder.

    Raises
    ------
    BackupError
        If it is no backup, or one of a newer sort.
    StoreCorruptError
        If it is damaged: `whole` looks at every page and index.
    """
    with opened(draft) as connection:
        label = _label_of(connection)
        _refuse_damaged(connection, label, whole=whole)
        folder.mkdir(mode=0o700)
        for name, content in connection.execute(
            "SELECT name, content FROM backup_file"
        ):
            path = folder / Path(name).name
            path.touch(mode=0o600)
            path.write_bytes(content)
        connection.execute("DROP TABLE backup_file")
        connection.execute("DROP TABLE backup_label")
    return label


def _label_of(connection: Any) -> BackupLabel:
    tables = "SELECT name FROM sqlite_master WHERE name = 'backup_label'"
    if connection.execute(tables).fetchone() is None:
        raise BackupError("it is no backup that Frein made")
    (kept,) = connection.execute("SELECT label FROM backup_label").fetchone()
    label = _LABEL.validate_json(kept)
    if label.format > FORMAT:
        raise BackupError("a newer version of Frein made it")
    return label


def _refuse_damaged(connection: Any, label: BackupLabel, *, whole: bool) -> None:
    check = "integrity_check" if whole else "quick_check"
    (told,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
    if told != "ok":
        raise StoreCorruptError(told)
    for name, count in label.rows.items():
        if _count(connection, name) != count:
            raise StoreCorruptError(f"{name} had {count} rows when it was saved")


def _count(connection: Any, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A SQLite file, outside of a store; each statement by itself."""
    with (
        translated(),
        closing(pysqlite3.connect(str(path), isolation_level=None)) as connection,
    ):
        yield connection


def make_durable(path: Path) -> None:
    """Have a file, or a folder's names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal")]
