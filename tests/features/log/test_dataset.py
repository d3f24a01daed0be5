"""The dataset: whole leads to a bucket, and the log of a manifest whatever happens."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import frein
from features.errors import LogError
from features.event import EVENT_SCHEMA, events_frame
from features.event import Event as LeadEvent
from features.log import (
    Log,
    append_events,
    events_of_lead,
    leave_out,
    log_digest,
    once_each,
    open_log,
    partition_log,
    read_log,
    write_log,
)
from features.log.manifest import buckets_for
from features.log.storage import (
    ABOUT_FILE,
    EVENTS_FILE,
    MANIFEST_FILE,
    Disk,
    is_address,
)
from tests.budgets import examples
from tests.factories import NOW, make_event, make_log

LEADS = [f"L-{number}" for number in range(12)]


def logged(*leads: str, name: str = "E") -> Log:
    events = [make_event(lead_id=lead, event_id=f"{name}-{lead}") for lead in leads]
    return make_log(*events)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A dozen leads in four buckets."""
    write_log(tmp_path / "log", logged(*LEADS))
    partition_log(tmp_path / "log", 4)
    return tmp_path / "log"


def parts_of(log: Path) -> set[str]:
    return {str(path.relative_to(log)) for path in log.glob("events/**/*.parquet")}


def leads_of(log: Path) -> set[str]:
    return set(read_log(log).events["lead_id"])


def in_one_file(folder: Path, log: Log) -> Path:
    """A log as they were before."""
    write_log(folder, Log(log.about, log.events[:1]))
    for path in (folder / MANIFEST_FILE, *folder.glob("events/*/*")):
        path.unlink()
    log.events.write_parquet(folder / EVENTS_FILE)
    return folder


# --- Whatever is drawn ------------------------------------------------------


def drawn_events(draw: st.DrawFn) -> list[LeadEvent]:
    """Few leads and names: repeats, and the same name in two leads."""
    size = draw(st.integers(1, 12))
    return [
        make_event(
            event_id=draw(st.sampled_from(["E-1", "E-2", "E-3"])),
            source=draw(st.sampled_from(["crm", "site"])),
            lead_id=draw(st.sampled_from(["L-1", "L-2", "L  3", "L 3", "é|4"])),
            occurred_at=NOW + timedelta(hours=draw(st.integers(0, 3))),
            received_at=NOW + timedelta(hours=draw(st.integers(0, 3))),
            data={"n": draw(st.integers(0, 1))},
        )
        for _ in range(size)
    ]


some_events = st.composite(drawn_events)()


@settings(max_examples=examples(40))
@given(
    before=some_events,
    later=some_events,
    buckets=st.integers(1, 5),
    forgotten=st.sets(st.sampled_from(["L-1", "L-2", "L 3"]), max_size=2),
)
def test_a_dataset_reads_as_one_file(
    before: list[LeadEvent],
    later: list[LeadEvent],
    buckets: int,
    forgotten: set[str],
) -> None:
    with TemporaryDirectory() as name:
        folder, whole = Path(name), make_log(*before, *later)
        one_file = in_one_file(folder / "one", whole)
        dataset = in_one_file(folder / "many", make_log(*before))
        end = open_log(dataset).end
        partition_log(dataset, buckets)
        assert open_log(dataset).end == end
        append_events(dataset, [events_frame(later)])
        assert_same(dataset, one_file)

        digest = log_digest(dataset)
        assert append_events(dataset, [whole.events]) == 0
        assert log_digest(dataset) == digest
        for log in (one_file, dataset):
            leave_out(log, lambda leads: forgotten & set(leads))
        if manifest_of(dataset)["parts"]:
            assert_same(dataset, one_file)
            assert not forgotten & leads_of(dataset)


def assert_same(one: Path, other: Path) -> None:
    """They hold the same, be it read whole, by bucket or by lead."""
    assert in_order(read_log(one).events).equals(in_order(read_log(other).events))
    by_bucket = [
        pl.concat(bucket.read() for bucket in open_log(log).buckets)
        for log in (one, other)
    ]
    assert in_order(by_bucket[0]).equals(in_order(by_bucket[1]))
    for lead in ("L-1", "L-2", "L 3", "é|4", "L-absent"):
        told, again = (
            in_order(once_each(events_of_lead(log, lead))) for log in (one, other)
        )
        assert told.equals(again)


def in_order(events: pl.DataFrame) -> pl.DataFrame:
    return events.sort(EVENT_SCHEMA.names())


def manifest_of(log: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(
        (log / MANIFEST_FILE).read_text()
    )
    return found


# --- Layout -----------------------------------------------------------------


def test_any_parquet_tool_reads_the_events_by_lead_and_time(log: Path) -> None:
    read = pl.read_parquet(log / "events" / "**" / "*.parquet", hive_partitioning=True)

    assert read.drop("bucket").schema == EVENT_SCHEMA
    assert read.group_by("lead_id").agg(pl.col("bucket").n_unique())[
        "bucket"
    ].unique().to_list() == [1]
    for _, events in read.group_by("bucket"):
        assert events.select("lead_id", "occurred_at").equals(
            events.select("lead_id", "occurred_at").sort("lead_id", "occurred_at")
        )


def test_the_manifest_tells_of_each_part(log: Path) -> None:
    told = manifest_of(log)["parts"]

    assert {part["name"] for part in told} == parts_of(log)
    assert sum(part["rows"] for part in told) == len(LEADS)
    assert {part["first"] for part in told} == {"2026-03-10T12:00:00Z"}


def test_the_order_in_which_events_came_says_nothing(tmp_path: Path) -> None:
    events = logged(*LEADS).events
    for name, some in (("one", events), ("two", events.reverse())):
        write_log(tmp_path / name, make_log())
        append_events(tmp_path / name, [some])

    assert log_digest(tmp_path / "one") == log_digest(tmp_path / "two")


@pytest.mark.parametrize(
    ("events", "buckets"),
    [(0, 1), (60_000, 1), (60_001, 2), (60_000_000, 1_000), (10**10, 10_000)],
)
def test_the_number_of_buckets_follows_from_the_size(events: int, buckets: int) -> None:
    assert buckets_for(events) == buckets


def test_a_wrong_manifest_is_told(log: Path) -> None:
    (log / MANIFEST_FILE).write_text('{"buckets": 4, "parts": [{"bucket": "x"}]}')

    with pytest.raises(LogError, match=r"manifest\.json: parts\.0\.bucket"):
        read_log(log)


# --- Writing ----------------------------------------------------------------


def test_what_is_new_is_added_and_touches_only_its_bucket(log: Path) -> None:
    before = parts_of(log)

    assert append_events(log, [logged(*LEADS).events]) == 0
    assert append_events(log, [logged("L-1", "L-1", name="N").events]) == 1

    assert leads_of(log) == set(LEADS)
    assert events_of_lead(log, "L-1").height == 2
    (added,) = parts_of(log) - before
    assert before < parts_of(log)
    assert Path(added).parent in {Path(part).parent for part in before}


def test_an_append_may_say_anew_what_the_log_is(log: Path) -> None:
    about = make_log(provenance={"file": "newer.csv"}).about

    append_events(log, [logged("L-new").events], about)

    assert read_log(log).about == about


def test_leaving_leads_out_writes_only_their_buckets(log: Path) -> None:
    before, bucket = parts_of(log), {b.number: b for b in open_log(log).buckets}
    (number,) = (n for n, b in bucket.items() if "L-1" in set(b.read()["lead_id"]))

    leave_out(log, lambda leads: {"L-1"} & set(leads))

    assert leads_of(log) == set(LEADS) - {"L-1"}
    gone = before - parts_of(log)
    assert gone == {part.name for part in bucket[number].parts}


def test_a_bucket_may_be_left_empty(log: Path) -> None:
    leave_out(log, lambda leads: {*leads} - {"L-1"})

    assert leads_of(log) == {"L-1"}
    assert len(open_log(log).buckets) == len(parts_of(log)) == 1
    leave_out(log, set)
    with pytest.raises(LogError, match="no event"):
        open_log(log)


def test_a_log_in_one_file_becomes_a_dataset_that_nobody_else_reads(
    tmp_path: Path,
) -> None:
    log = in_one_file(tmp_path / "log", logged(*LEADS))
    (log / EVENTS_FILE).chmod(0o640)

    assert partition_log(log, 3) == 3

    assert leads_of(log) == set(LEADS)
    assert not (log / EVENTS_FILE).exists()
    for path in (log / MANIFEST_FILE, *(log / part for part in parts_of(log))):
        assert path.stat().st_mode & 0o777 == 0o640


def test_the_command_converts_and_deals_anew(tmp_path: Path) -> None:
    log = in_one_file(tmp_path / "log", logged(*LEADS))

    for more, buckets in (((), "1 bucket"), (("--buckets", "3"), "3 buckets")):
        done = CliRunner().invoke(frein.app, ["data", "partition", str(log), *more])
        assert (done.exit_code, done.output) == (0, f"{log}: {buckets}\n")

    assert leads_of(log) == set(LEADS)


def test_partitioning_gathers_the_parts_of_a_bucket(log: Path) -> None:
    append_events(log, [logged("L-1", name="N").events])
    whole = in_order(read_log(log).events)

    assert partition_log(log, 4) == 4

    assert [len(bucket.parts) for bucket in open_log(log).buckets] == [1, 1, 1, 1]
    assert in_order(read_log(log).events).equals(whole)


def test_what_no_manifest_names_is_swept_at_the_next_write(log: Path) -> None:
    for stray in (log / "events/bucket=0001/part-half.parquet", log / EVENTS_FILE):
        stray.write_bytes(b"half")

    append_events(log, [logged("L-new").events])

    assert parts_of(log) == {part["name"] for part in manifest_of(log)["parts"]}
    assert not (log / EVENTS_FILE).exists()


def test_a_bucket_whose_parts_are_gone_is_read_as_it_is_now(log: Path) -> None:
    opened = open_log(log).buckets
    append_events(log, [logged("L-1", name="N").events])
    partition_log(log, 4)

    read = pl.concat(bucket.read() for bucket in opened)

    assert read.height == len(LEADS) + 1
    partition_log(log, 2)
    with pytest.raises(LogError, match="bucket="):
        opened[0].read()


def test_another_writer_waits(log: Path) -> None:
    asked, chosen = Event(), Event()

    def slowly(leads: object) -> set[str]:
        asked.set()
        chosen.wait(10)
        return set()

    first = Thread(target=leave_out, args=(log, slowly))
    second = Thread(target=append_events, args=(log, [logged("L-new").events]))
    first.start()
    asked.wait(10)
    second.start()
    second.join(0.2)
    waited = second.is_alive()
    chosen.set()
    for each in (first, second):
        each.join(10)

    assert waited
    assert leads_of(log) == {*LEADS, "L-new"}


def test_what_is_no_log_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="absent"):
        append_events(tmp_path / "absent", [logged("L-1").events])
    with pytest.raises(LogError, match="absent"):
        leave_out(tmp_path / "absent", set)


def test_an_event_of_another_type_is_refused(log: Path) -> None:
    wrong = logged("L-1").events.with_columns(data=pl.lit(3))

    with pytest.raises(LogError, match="'data' is Int32"):
        append_events(log, [wrong])


def batches() -> Iterator[pl.DataFrame]:
    yield logged("L-1", name="N").events
    raise LogError("the source is damaged")


def test_a_source_that_ends_in_an_error_adds_nothing(log: Path) -> None:
    digest = log_digest(log)

    with pytest.raises(LogError, match="damaged"):
        append_events(log, batches())

    assert log_digest(log) == digest
    assert leads_of(log) == set(LEADS)


def test_a_place_is_a_folder_or_an_address() -> None:
    assert is_address("s3://bucket/log")
    assert not is_address(Path("s3://bucket/log"))
    assert Disk(Path("a")).address(ABOUT_FILE) == str(Path("a") / ABOUT_FILE)
