"""Logs on an object store, against a server that speaks S3."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import obstore
import pytest
from obstore.store import from_url

from features.errors import LogError
from features.event import EVENT_SCHEMA
from features.log import (
    append_events,
    events_of_lead,
    leave_out,
    log_digest,
    open_log,
    partition_log,
    read_log,
    write_log,
)
from features.log.storage import ObjectStore, Storage
from tests.factories import make_event, make_log

SECRET = "a-secret-that-nobody-reads"
LOG = make_log(*(make_event(lead_id=f"L-{n}", event_id=f"old-{n}") for n in range(9)))
NEW = make_log(*(make_event(lead_id=f"L-{n}", event_id=f"new-{n}") for n in range(3)))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server with a bucket."""
    with subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", "0"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            address = next(
                line.split()[-1] for line in process.stderr if "Running on" in line
            )
            with urlopen(Request(f"{address}/logs", method="PUT")):
                yield address
        finally:
            process.terminate()


@pytest.fixture
def place(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Where a log may lie, for whoever has the usual variables."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    return f"s3://logs/{tmp_path.name}/history"


def names(place: str) -> set[str]:
    prefix = from_url(place, client_options={"allow_http": True})
    return {one["path"] for page in obstore.list(prefix) for one in page}


def rows(place: str) -> list[tuple[object, ...]]:
    return read_log(place).events.sort(EVENT_SCHEMA.names()).rows()


def test_a_log_is_written_read_and_changed_where_it_lies(
    place: str, tmp_path: Path
) -> None:
    for log in (place, tmp_path / "log"):
        write_log(log, LOG)
        assert partition_log(log, 3) == 3
        assert append_events(log, [NEW.events]) == 3
        leave_out(log, lambda leads: {"L-1"} & set(leads))

    assert rows(place) == rows(str(tmp_path / "log"))
    assert log_digest(place) == log_digest(tmp_path / "log")
    assert open_log(place).end == open_log(tmp_path / "log").end
    assert events_of_lead(place, "L-1").is_empty()
    assert events_of_lead(place, "L-2").height == 2
    named = {part.name for b in open_log(place).buckets for part in b.parts}
    assert names(place) == {"log.toml", "manifest.json", *named}


def test_a_log_that_is_there_is_left_as_it_is(place: str) -> None:
    write_log(place, LOG)

    with pytest.raises(LogError, match="already exists"):
        write_log(place, NEW)

    assert rows(place) == LOG.events.sort(EVENT_SCHEMA.names()).rows()


def test_of_two_writers_the_second_is_told(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(place, LOG)
    sweep = ObjectStore.sweep

    def while_another_writes(store: ObjectStore, named: frozenset[str]) -> None:
        monkeypatch.setattr(ObjectStore, "sweep", sweep)
        append_events(place, [NEW.events])

    monkeypatch.setattr(ObjectStore, "sweep", while_another_writes)
    with pytest.raises(LogError, match="somebody else wrote this log"):
        leave_out(place, lambda leads: {"L-8"} & set(leads))

    assert read_log(place).events.height == 12


def test_what_is_unnamed_is_swept_once_it_is_old(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(place, LOG)
    storage: Storage = ObjectStore(place)
    storage.write("events/bucket=0000/part-half.parquet", b"half")

    leave_out(place, set)
    assert "events/bucket=0000/part-half.parquet" in names(place)
    monkeypatch.setattr("features.log.storage.LONGEST_WRITE", timedelta(days=-1))
    leave_out(place, set)
    assert "events/bucket=0000/part-half.parquet" not in names(place)


@pytest.mark.parametrize(
    ("elsewhere", "told"),
    [
        pytest.param("s3://nobodys/log", "nobodys", id="no such bucket"),
        pytest.param("s3://logs/absent", "is no log", id="no log"),
        pytest.param("s3:///", "s3:", id="no name"),
    ],
)
def test_what_is_not_there_is_told_without_secrets(
    place: str, elsewhere: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for act in (read_log, partition_log, lambda log: write_log(log, LOG)):
        if told == "is no log" and act is not read_log:
            continue
        with pytest.raises(LogError, match=told) as caught:
            act(elsewhere)
        assert SECRET not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_is_told(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.log.storage.RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(LogError, match="s3://") as caught:
        read_log(place)

    assert SECRET not in str(caught.value)
