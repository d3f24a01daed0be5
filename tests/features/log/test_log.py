from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from shutil import rmtree

import polars as pl
import pytest

from features.errors import LogError
from features.event import EVENT_SCHEMA, Actor, events_frame
from features.log import (
    events_of_lead,
    new_log_folder,
    once_each,
    open_log,
    read_log,
    write_log,
)
from features.log.storage import ABOUT_FILE, EVENTS_FILE, MANIFEST_FILE
from tests.factories import NOW, make_event, make_events, make_log


class TestRoundTrip:
    def test_a_log_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        log = make_log(
            *make_events({"data": {"mot": "é’\u2028", "n": [1, {"a": None}]}}, {}),
            name="essai",
            received_at="assumed",
            won_kinds=("signed", "paid"),
            lost_kinds=(),
            provenance={"file": "é.csv", "rows": {"read": 2}, "order": ["a", "b"]},
        )
        folder = tmp_path / "deep" / "log [1] a=b*"  # no pattern, no partition

        write_log(folder, log)
        again = read_log(folder)

        assert again.about == log.about
        assert again.events.equals(log.events)
        assert {one.name for one in folder.iterdir()} == {
            *(ABOUT_FILE, MANIFEST_FILE, "events")
        }

    def test_columns_of_ones_own_are_not_read(self, tmp_path: Path) -> None:
        folder = _of_one_file(tmp_path)
        frame = make_log().events
        frame.select(pl.lit(1).alias("note"), *reversed(frame.columns)).write_parquet(
            folder / EVENTS_FILE
        )

        assert read_log(folder).events.schema == EVENT_SCHEMA

    def test_an_empty_folder_may_be_filled(self, tmp_path: Path) -> None:
        (tmp_path / "log").mkdir()

        write_log(tmp_path / "log", make_log())

        assert read_log(tmp_path / "log").events.height == 1

    def test_leads_have_the_form_in_which_they_are_kept(self, tmp_path: Path) -> None:
        written = [make_event(event_id=n, lead_id=n) for n in ("L  1", " L 1", "L 1")]
        write_log(tmp_path / "log", make_log(*written))

        assert {*read_log(tmp_path / "log").events["lead_id"]} == {"L 1"}
        assert events_of_lead(tmp_path / "log", "L 1").height == len(written)
        (bucket,) = open_log(tmp_path / "log").buckets
        assert bucket.read().height == len(written)

    def test_an_event_written_twice_is_read_once(self, tmp_path: Path) -> None:
        later = make_event(received_at=NOW + timedelta(days=1), kind="email_sent")
        write_log(tmp_path / "log", make_log(later, make_event()))

        assert read_log(tmp_path / "log").events["kind"].to_list() == ["page_viewed"]


EVENTS = make_log().events
WRONG_FRAMES = {
    "column-missing": (EVENTS.drop("actor"), r"'actor' is nothing"),
    "column-of-another-type": (
        EVENTS.with_columns(pl.col("occurred_at").dt.replace_time_zone(None)),
        r"'occurred_at' is Datetime\(.*\), expected .*UTC",
    ),
    "data-as-struct": (
        EVENTS.with_columns(data=pl.struct(page=1)),
        r"'data' is Struct",
    ),
    "nulls": (
        EVENTS.with_columns(event_id=pl.lit(None, pl.String)),
        r"'event_id' is empty in 1 row",
    ),
    "unseen-in-a-lead": (
        EVENTS.with_columns(lead_id=pl.lit("L\u200b1")),
        "lead .* holds U\\+200B",
    ),
    "no-event": (EVENTS.clear(), "no event"),
    "no-lead": (
        EVENTS.with_columns(lead_id=pl.lit("")),
        r"event '.*' of source '.*': 'lead_id' is empty",
    ),
    "another-actor": (EVENTS.with_columns(actor=pl.lit("robot")), "'actor' is none of"),
    "an-empty-date-of-a-system": (
        EVENTS.with_columns(pl.col("occurred_at").dt.replace(year=1700)),
        "'occurred_at' is not from 1970 to 2099",
    ),
}


@pytest.mark.parametrize(("frame", "told"), WRONG_FRAMES.values(), ids=WRONG_FRAMES)
def test_events_that_are_wrong_are_told(
    frame: pl.DataFrame, told: str, tmp_path: Path
) -> None:
    folder = _of_one_file(tmp_path)
    frame.write_parquet(folder / EVENTS_FILE)

    with pytest.raises(LogError, match=rf"events\.parquet.*{told}"):
        read_log(folder)


@pytest.mark.parametrize("kept", [0, 3, 100, -1], ids=lambda n: f"first-{n}-bytes")
def test_a_damaged_file_is_told(kept: int, tmp_path: Path) -> None:
    folder = _written(tmp_path)
    (part,) = folder.glob("events/*/*.parquet")
    part.write_bytes(part.read_bytes()[:kept])

    with pytest.raises(LogError, match=r"bucket=0000"):
        read_log(folder)


ABOUT = 'name = "a"\nreceived_at = "recorded"\nwon_kinds = ["won"]\nlost_kinds = []\n'
WRONG_ABOUTS = {
    "syntax": ("x = 1\nname : 2", "line 2"),
    "key-missing": (ABOUT, "'provenance' is missing"),
    "name-is-a-number": (ABOUT.replace('"a"', "3") + "[provenance]", "name: "),
    "kinds-are-a-text": (
        ABOUT.replace('["won"]', '"won"') + "[provenance]",
        "won_kinds: ",
    ),
    "kinds-are-numbers": (
        ABOUT.replace('["won"]', "[1]") + "[provenance]",
        r"won_kinds\.0: ",
    ),
    "provenance-is-a-number": (ABOUT + "provenance = 3", "provenance: "),
}


@pytest.mark.parametrize(("text", "told"), WRONG_ABOUTS.values(), ids=WRONG_ABOUTS)
def test_a_wrong_log_toml_is_told(text: str, told: str, tmp_path: Path) -> None:
    folder = _written(tmp_path)
    (folder / ABOUT_FILE).write_text(text, encoding="utf-8")

    with pytest.raises(LogError, match=rf"log\.toml.*{told}"):
        read_log(folder)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        pytest.param(
            lambda log: (log / MANIFEST_FILE).unlink(), "events", id="no-manifest"
        ),
        pytest.param(lambda log: (log / ABOUT_FILE).unlink(), "log", id="no-about"),
        pytest.param(
            lambda log: (log / ABOUT_FILE).write_bytes(b"name = '\xff'"),
            "log",
            id="no-utf8",
        ),
    ],
)
def test_an_absent_file_is_told(
    spoil: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    folder = _written(tmp_path)
    spoil(folder)

    with pytest.raises(LogError, match=rf"{told}\.(toml|parquet)"):
        read_log(folder)


def test_an_absent_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"absent is no log, .* `frein data import`"):
        read_log(tmp_path / "absent")


class TestNothingHalfWritten:
    def test_a_folder_in_use_is_left_as_it_is(self, tmp_path: Path) -> None:
        folder = _written(tmp_path)
        before = read_log(folder)

        with pytest.raises(LogError, match="already exists"):
            write_log(folder, make_log(make_event(kind="email_sent")))

        assert read_log(folder).events.equals(before.events)
        assert list(tmp_path.iterdir()) == [folder]

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "log").write_text("mine")

        with pytest.raises(LogError, match="already exists"):
            write_log(tmp_path / "log", make_log())

        assert (tmp_path / "log").read_text() == "mine"

    def test_a_file_is_no_parent(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")

        with pytest.raises(LogError, match="file"):
            write_log(tmp_path / "file" / "log", make_log())

    @pytest.mark.parametrize("error", [OSError("disk full"), KeyError("bug")])
    def test_a_failure_leaves_no_trace(self, error: Exception, tmp_path: Path) -> None:
        expected = LogError if isinstance(error, OSError) else type(error)

        with pytest.raises(expected, match=str(error.args[0])):
            _write_half(tmp_path / "log", error)

        assert list(tmp_path.iterdir()) == []

    def test_a_folder_filled_meanwhile_is_left_as_it_is(self, tmp_path: Path) -> None:
        with pytest.raises(LogError, match="log"):
            _write_while_another_does(tmp_path / "log")

        assert list(tmp_path.iterdir()) == [tmp_path / "log"]
        assert read_log(tmp_path / "log").events.height == 1


class TestOnceEach:
    def test_the_first_received_counts(self) -> None:
        sent = [
            make_event(received_at=NOW + timedelta(hours=hours), data={"hours": hours})
            for hours in (2, 1, 3)
        ]

        assert once_each(events_frame(sent))["data"].to_list() == ['{"hours":1}']

    def test_another_source_is_another_event(self) -> None:
        events = events_frame([make_event(), make_event(source="crm")])

        assert once_each(events).equals(events)

    def test_a_key_narrows_the_pair(self) -> None:
        events = events_frame([make_event(), make_event(lead_id="L-2")])

        assert once_each(events).height == 1
        assert once_each(events, "lead_id").height == 2

    @pytest.mark.parametrize(
        "change",
        [
            {"occurred_at": NOW - timedelta(1), "received_at": NOW},
            {"lead_id": "L-2"},
            {"kind": "email_sent"},
            {"actor": Actor.PERSON},
            {"data": {}},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_of_equal_arrivals_the_order_decides_nothing(
        self, change: dict[str, object]
    ) -> None:
        sent = [make_event(), make_event(**change), make_event(event_id="E-2")]

        kept = {
            tuple(once_each(events_frame(one)).sort("event_id").rows())
            for one in permutations(sent)
        }

        assert len(kept) == 1


def _write_half(folder: Path, error: Exception) -> None:
    with new_log_folder(folder) as draft:
        (draft / EVENTS_FILE).write_text("half")
        raise error


def _write_while_another_does(folder: Path) -> None:
    with new_log_folder(folder) as draft:
        (draft / EVENTS_FILE).write_text("ours")
        _written(folder.parent)


def _written(parent: Path) -> Path:
    folder = parent / "log"
    write_log(folder, make_log())
    return folder


def _of_one_file(parent: Path) -> Path:
    """A log as they were before."""
    folder = _written(parent)
    (folder / MANIFEST_FILE).unlink()
    rmtree(folder / "events")
    return folder
