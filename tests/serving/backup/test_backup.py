"""A store is saved as it stood, and restored whole or not at all."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pysqlite3
import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient
from typer.testing import CliRunner

import frein
from serving.audit.verification import anchor, find_break
from serving.backup import restore as restoring
from serving.backup.archive import back_up
from serving.backup.restore import restore
from serving.database.engine import SQLITE, Store
from serving.database.migrate import upgrade
from serving.database.tables import Base
from serving.errors import (
    BackupError,
    StoreCorruptError,
    StoreRevisionError,
)
from serving.runtime.service import Service
from tests.serving.builders import NOW, make_event, make_person, send, url_of

ROOT = Path(__file__).parents[3]
Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(store: Store) -> Rows:
    """All that a store holds, but for the audit's row on the restoring itself."""
    with store.reading() as session:
        rows = {
            table.name: sorted(
                (tuple(r) for r in session.execute(select(table))), key=repr
            )
            for table in Base.metadata.sorted_tables
        }
    rows["audit"] = [row for row in rows["audit"] if "store_restored" not in row]
    known = {row[4] for row in rows["audit"]}
    rows["principal"] = [row for row in rows["principal"] if str(row[0]) in known]
    return rows


@pytest.fixture
def filled(service: Service, client: TestClient, headers: dict[str, str]) -> Service:
    """A service with a lead, a decision, a proposal, a note and an anchor."""
    send(client, headers, make_event(), make_event(id="2", subject="L-2"))
    _, mine = make_person(service)
    client.post("/v1/leads/L-1/stage-moves", json={"to": "perdu"}, headers=headers)
    said = {"to": "contacte", "reason": "Rappelée ce matin"}
    client.post("/v1/leads/L-2/stage-moves", json=said, headers=mine)
    client.post("/v1/leads/L-2/notes", json={"text": "Veut un devis"}, headers=mine)
    anchor(service.store, service.settings.anchors_folder, NOW)
    return service


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/other/frein.db")
    yield store
    store.close()


def saved(service: Service, to: Path) -> Path:
    back_up(service.store, service.settings.anchors_folder, to, NOW)
    return to


def test_a_store_is_restored_as_it_was_saved(filled: Service, tmp_path: Path) -> None:
    before, folder = rows_of(filled.store), filled.settings.anchors_folder
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    backup = saved(filled, tmp_path / "backup")
    with filled.store.writing() as session:
        session.execute(text("UPDATE stage SET position = position + 100"))
        session.execute(text("DELETE FROM notice"))
    for path in folder.iterdir():
        path.unlink()
    filled.store.close()

    restore(url_of(filled.store), folder, backup, NOW, verify=True)

    assert rows_of(filled.store) == before
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept
    assert find_break(filled.store, folder, whole=True) is None
    assert backup.stat().st_mode & 0o077 == 0


def test_it_works_on_after_it_was_restored(
    filled: Service, client: TestClient, headers: dict[str, str], tmp_path: Path
) -> None:
    backup = saved(filled, tmp_path / "backup")
    filled.store.close()
    folder = filled.settings.anchors_folder
    restore(url_of(filled.store), folder, backup, NOW, verify=False)

    sent = send(client, headers, make_event(id="later"), make_event())
    assert (sent["accepted"], sent["duplicates"]) == (1, 1)
    refused = text("UPDATE decision SET signer = 'somebody'")
    with (
        pytest.raises(Exception, match="append_only"),
        filled.store.writing() as session,
    ):
        session.execute(refused)


def test_a_backup_of_either_kind_opens_as_the_other(
    filled: Service, other: Store, tmp_path: Path
) -> None:
    """From PostgreSQL to SQLite, and from SQLite to another place."""
    backup = saved(filled, tmp_path / "backup")
    folder = tmp_path / "other" / "frein.db.audit"
    restore(url_of(other), folder, backup, NOW, verify=True)
    assert rows_of(other) == rows_of(filled.store)
    assert find_break(other, folder, whole=True) is None


def test_a_backup_of_sqlite_is_restored_to_postgresql(
    filled: Service, other: Store, tmp_path: Path
) -> None:
    if filled.store.engine.dialect.name == SQLITE:
        pytest.skip("the other way is the one above")
    restore(
        url_of(other), tmp_path / "a", saved(filled, tmp_path / "b"), NOW, verify=True
    )
    before = rows_of(other)
    back_up(other, tmp_path / "a", tmp_path / "c", NOW)
    filled.store.close()

    folder = filled.settings.anchors_folder
    restore(url_of(filled.store), folder, tmp_path / "c", NOW, verify=True)
    assert rows_of(filled.store) == before


def test_a_backup_under_load_is_of_one_instant(
    filled: Service, client: TestClient, headers: dict[str, str], tmp_path: Path
) -> None:
    done = Event()

    def load() -> None:
        for n in range(200):
            send(client, headers, make_event(id=f"load-{n}", subject=f"L-{n % 9}"))
            if done.is_set():
                return

    writer = Thread(target=load)
    writer.start()
    backups = [saved(filled, tmp_path / f"backup-{n}") for n in range(3)]
    done.set()
    writer.join()
    for n, backup in enumerate(backups):
        store, folder = Store(f"sqlite:///{tmp_path}/{n}.db"), tmp_path / f"{n}.audit"
        with closing(store):
            restore(url_of(store), folder, backup, NOW, verify=True)
            with store.reading() as session:
                n_leads = session.scalar(text("SELECT count(*) FROM lead"))
                told = "SELECT count(DISTINCT lead_id) FROM event"
                assert n_leads == session.scalar(text(told))


STEPS = ("unpacked", "upgrade", "_note", "_put_files")


@pytest.mark.parametrize("step", STEPS)
def test_what_fails_half_way_leaves_the_old_store_whole(
    filled: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    backup = saved(filled, tmp_path / "backup")
    with filled.store.writing() as session:
        session.execute(text("UPDATE stage SET position = position + 100"))
    before = rows_of(filled.store)
    filled.store.close()
    monkeypatch.setattr(restoring, step, _killed)
    with pytest.raises(KeyboardInterrupt):
        restore(
            url_of(filled.store),
            filled.settings.anchors_folder,
            backup,
            NOW,
            verify=False,
        )
    assert rows_of(filled.store) == before
    assert not list(tmp_path.glob(".frein-restore-*"))


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_killed_at_any_time_there_is_the_old_store_or_the_new_one(
    filled: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(filled.store))
    folder = filled.settings.anchors_folder
    monkeypatch.setenv("FREIN_AUDIT_FOLDER", str(folder))
    new, backup = rows_of(filled.store), saved(filled, tmp_path / "backup")
    with filled.store.writing() as session:
        session.execute(text("UPDATE stage SET position = position + 100"))
    old = rows_of(filled.store)
    filled.store.close()
    began = time.monotonic()
    command = [sys.executable, "frein.py", "restore", str(backup)]
    assert subprocess.run([*command, "--help"], cwd=ROOT, check=False).returncode == 0
    usual = time.monotonic() - began
    for _ in range(3):
        process = subprocess.Popen(command, cwd=ROOT)
        time.sleep(usual * random.uniform(0.8, 2.0))
        process.kill()
        process.wait()
        assert rows_of(filled.store) in (old, new)
        assert find_break(filled.store, folder, whole=True) is None
        filled.store.close()


def test_a_backup_replaces_nothing(filled: Service, tmp_path: Path) -> None:
    saved(filled, tmp_path / "backup")
    with pytest.raises(BackupError, match="is there already"):
        saved(filled, tmp_path / "backup")
    assert not list(tmp_path.glob(".*.part*"))


def _garbage(backup: Path) -> None:
    backup.write_bytes(b"no database at all, but for its length" * 100)


def _damaged(backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[8192:] = bytes(len(content) - 8192)
    backup.write_bytes(content)


def _newer(backup: Path) -> None:
    with closing(pysqlite3.connect(str(backup))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
        connection.commit()


def _fewer(backup: Path) -> None:
    with closing(pysqlite3.connect(str(backup))) as connection:
        connection.execute("DROP TRIGGER event_never_leaves")
        connection.execute("DELETE FROM event")
        connection.commit()


def _no_backup(backup: Path) -> None:
    backup.unlink()
    with closing(Store(f"sqlite:///{backup}")) as store:
        upgrade(store)


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        (_garbage, StoreCorruptError),
        (_damaged, StoreCorruptError),
        (_fewer, StoreCorruptError),
        (_newer, StoreRevisionError),
        (_no_backup, BackupError),
        (Path.unlink, BackupError),
    ],
)
def test_what_is_no_good_backup_is_refused_and_changes_nothing(
    filled: Service,
    tmp_path: Path,
    harm: Callable[[Path], None],
    error: type[Exception],
) -> None:
    backup, before = saved(filled, tmp_path / "backup"), rows_of(filled.store)
    harm(backup)
    filled.store.close()
    with pytest.raises(error):
        restore(
            url_of(filled.store),
            filled.settings.anchors_folder,
            backup,
            NOW,
            verify=True,
        )
    assert rows_of(filled.store) == before


def test_a_store_in_use_is_not_replaced(filled: Service, tmp_path: Path) -> None:
    backup = saved(filled, tmp_path / "backup")
    url, folder = url_of(filled.store), filled.settings.anchors_folder
    filled.store.ping()  # and its connection stays open
    with pytest.raises(BackupError, match="stop the services first"):
        restore(url, folder, backup, NOW, verify=False)


def test_commands_save_and_restore(
    filled: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREIN_DATABASE_URL", url_of(filled.store))
    monkeypatch.setenv("FREIN_AUDIT_FOLDER", str(filled.settings.anchors_folder))
    backup = str(tmp_path / "backup")
    saving = CliRunner().invoke(frein.app, ["backup", backup])
    assert saving.exit_code == 0
    assert "2 leads" in saving.output
    filled.store.close()
    restored = CliRunner().invoke(frein.app, ["restore", backup, "--verify"])
    assert restored.exit_code == 0, restored.output
    assert "2 leads" in restored.output
