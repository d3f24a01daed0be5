"""Killed at any time, a write leaves the log as it was or as it is to be."""

import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from features.event import EVENT_SCHEMA
from features.log import partition_log, read_log, write_log
from features.log.storage import EVENTS_FILE, MANIFEST_FILE
from tests.factories import make_event, make_log
from tests.features.log.killed import WRITES

LOG = make_log(*(make_event(lead_id=f"L-{n}", event_id=f"old-{n}") for n in range(9)))


def dataset(log: Path) -> None:
    write_log(log, LOG)
    partition_log(log, 2)


def one_file(log: Path) -> None:
    """As logs were before."""
    write_log(log, LOG)
    for path in (log / MANIFEST_FILE, *log.glob("events/*/*")):
        path.unlink()
    LOG.events.write_parquet(log / EVENTS_FILE)


@pytest.mark.parametrize(
    ("write", "made", "event", "number", "is_new"),
    [
        ("append", dataset, "open", 2, False),
        ("append", dataset, "os.rename", 1, False),
        ("partition", one_file, "open", 2, False),
        ("partition", one_file, "os.rename", 1, False),
        ("partition", one_file, "os.remove", 1, True),
        ("partition", dataset, "os.remove", 2, True),
        ("leave out", dataset, "open", 1, False),
        ("leave out", dataset, "os.remove", 1, True),
    ],
)
def test_a_killed_write_leaves_the_old_log_or_the_new_one(
    write: str, made: object, event: str, number: int, is_new: bool, tmp_path: Path
) -> None:
    log, whole = tmp_path / "log", tmp_path / "whole"
    assert callable(made)
    made(log)
    copytree(log, whole)
    before = rows(log)
    command = [sys.executable, "-m", "tests.features.log.killed", write, str(log)]
    done = subprocess.run([*command, event, str(number)], check=False)
    assert done.returncode == -signal.SIGKILL

    WRITES[write](whole)
    assert rows(log) == (rows(whole) if is_new else before)
    WRITES[write](log)
    assert rows(log) == rows(whole)
    named = {path.relative_to(whole) for path in whole.glob("events/**/*.parquet")}
    assert {path.relative_to(log) for path in log.glob("events/**/*.parquet")} == named
    assert not (log / EVENTS_FILE).exists()


def rows(log: Path) -> list[tuple[object, ...]]:
    return read_log(log).events.sort(EVENT_SCHEMA.names()).rows()
