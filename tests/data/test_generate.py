"""The demo log is whole, repeatable, and as unruly as a real one."""

import filecmp
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data.demo.field import OBJECTIONS
from data.demo.profile import SOURCES, propensity
from data.generate import FIRST_END, LAST_END, GeneratedLog, generate
from features.errors import LogError
from features.event import EVENT_SCHEMA
from features.log import log_digest, open_log, partition_log, read_log
from tests.little_room import little_room

LEADS = 2200  # three blocks, the last one short
KINDS = {
    *("attributes_set", "email_sent", "email_opened", "email_clicked"),
    *("email_replied", "page_viewed", "document_downloaded", "form_submitted"),
    *("call_made", "call_received", "meeting_held", "note_added", "quote_sent"),
    *("stage_changed", "won", "lost", "unsubscribed"),
}
RESERVED = ("negociation_finale", "gagne", "perdu")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GeneratedLog]:
    folder = tmp_path_factory.mktemp("demo") / "log"
    return folder, generate(folder, leads=LEADS, seed=7, with_truth=False)


@pytest.fixture(scope="module")
def delivered(demo: tuple[Path, GeneratedLog]) -> pl.DataFrame:
    """The rows of the log as delivered, repeats included."""
    return pl.concat(bucket.every_event() for bucket in open_log(demo[0]).buckets)


@pytest.fixture(scope="module")
def events(demo: tuple[Path, GeneratedLog]) -> pl.DataFrame:
    return read_log(demo[0]).events


def of_kind(events: pl.DataFrame, kind: str, **fields: pl.DataType) -> pl.DataFrame:
    """The events of a kind, with these fields of `data` as columns."""
    shape = pl.Struct([pl.Field(name, dtype) for name, dtype in fields.items()])
    decoded = pl.col("data").str.json_decode(shape).alias("fields")
    return events.filter(pl.col("kind") == kind).with_columns(decoded).unnest("fields")


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, leads=60, seed=3)
    names = ["manifest.json", "truth.parquet", "log.toml"]
    same, different, failed = filecmp.cmpfiles(
        tmp_path / "one", tmp_path / "two", names, shallow=False
    )
    assert (same, different, failed) == (names, [], [])


def test_workers_and_buckets_change_nothing(tmp_path: Path) -> None:
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        generate(folder, leads=1_020, seed=3, with_truth=False, workers=workers)
    assert log_digest(tmp_path / "1") == log_digest(tmp_path / "2")
    before = read_log(tmp_path / "1").events.sort(EVENT_SCHEMA.names())
    partition_log(tmp_path / "1", 7)
    assert len(open_log(tmp_path / "1").buckets) == 7
    assert read_log(tmp_path / "1").events.sort(EVENT_SCHEMA.names()).equals(before)


def test_another_seed_gives_another_log(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate(tmp_path / str(seed), leads=60, seed=seed)
    one, two = (read_log(tmp_path / str(seed)).events for seed in (1, 2))
    assert not one.equals(two)


@pytest.mark.parametrize(
    ("leads", "seed"), [(0, 1), (-1, 1), (10, -1), (10_000_000, 1)]
)
def test_nonsense_is_refused(tmp_path: Path, leads: int, seed: int) -> None:
    with pytest.raises(LogError):
        generate(tmp_path / "log", leads=leads, seed=seed)
    assert not (tmp_path / "log").exists()


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(LogError):
        generate(tmp_path, leads=10, seed=1)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with little_room(tmp_path / "disk", 1 << 18) as disk:
        with pytest.raises(LogError, match=r"No space left|too large"):
            generate(disk / "log", leads=1200, seed=1, with_truth=False)
        assert not list(disk.iterdir())


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "log", leads=10, seed=1, progress=interrupt)
    assert not list(tmp_path.iterdir())


def test_one_lead_is_enough_and_progress_is_told(tmp_path: Path) -> None:
    told: list[int] = []
    generate(tmp_path / "log", leads=1, seed=1, progress=told.append)
    assert told == [1]
    assert read_log(tmp_path / "log").events["lead_id"].unique().to_list() == [
        "L0000001"
    ]


def test_the_end_is_given_and_nothing_is_received_after_it(tmp_path: Path) -> None:
    generate(tmp_path / "log", leads=300, seed=1, end=date(2025, 3, 31))
    last = max(read_log(tmp_path / "log").events["received_at"].to_list())
    assert datetime(2025, 3, 30, tzinfo=UTC) < last < datetime(2025, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize("end", [FIRST_END, LAST_END], ids=["first", "last"])
def test_a_log_may_lie_anywhere_in_the_years_of_imports(
    tmp_path: Path, end: date
) -> None:
    generate(tmp_path / "log", leads=5, seed=1, end=end)
    years = read_log(tmp_path / "log").events["received_at"].dt.year()
    assert years.is_between(1970, 2099).all()


@pytest.mark.parametrize(
    "end",
    [
        date.min,
        FIRST_END - timedelta(days=1),
        LAST_END + timedelta(days=1),
        date.max,
    ],
)
def test_an_end_out_of_those_years_is_refused(tmp_path: Path, end: date) -> None:
    with pytest.raises(LogError, match=f"end: {end} is not from"):
        generate(tmp_path / "log", leads=5, seed=1, end=end)


def test_the_schema_and_the_vocabulary_hold(
    demo: tuple[Path, GeneratedLog], delivered: pl.DataFrame, events: pl.DataFrame
) -> None:
    assert delivered.schema == EVENT_SCHEMA
    assert len(delivered) == demo[1].events
    assert set(events["kind"]) == KINDS
    assert set(events["actor"]) == {"lead", "person", "automation"}
    assert set(events["source"]) == {"crm", "mail", "site", "mobile"}
    assert delivered.null_count().sum_horizontal().item() == 0
    assert all(isinstance(json.loads(text), dict) for text in events["data"].head(2000))


def test_leads_tell_about_sixty_events_each(events: pl.DataFrame) -> None:
    assert events["lead_id"].n_unique() == LEADS
    assert 45 < len(events) / LEADS < 75


def test_eight_to_fifteen_leads_in_a_hundred_are_won(
    demo: tuple[Path, GeneratedLog],
) -> None:
    counts = demo[1]
    assert counts.win_rate is not None
    assert 0.08 <= counts.win_rate <= 0.15
    assert counts.won + counts.lost < counts.leads  # some are still open


def test_most_sales_take_less_than_ninety_days(events: pl.DataFrame) -> None:
    entered = events.group_by("lead_id").agg(pl.col("occurred_at").min().alias("entry"))
    won = events.filter(pl.col("kind") == "won").join(entered, on="lead_id")
    days = (won["occurred_at"] - won["entry"]).dt.total_days()
    assert 25 < days.to_numpy().mean() < 75
    assert (days <= 90).to_numpy().mean() > 0.65


def test_some_events_are_delivered_twice(
    delivered: pl.DataFrame, events: pl.DataFrame
) -> None:
    repeated = len(delivered) - len(events)
    assert 0.005 < repeated / len(events) < 0.03
    assert not events.select("source", "event_id").is_duplicated().any()


def test_some_events_are_late_and_out_of_order(delivered: pl.DataFrame) -> None:
    late = delivered["received_at"] - delivered["occurred_at"] > pl.duration(hours=12)
    assert (delivered["received_at"] >= delivered["occurred_at"]).all()
    assert 0.005 < delivered.select(late.mean()).item() < 0.06
    assert not delivered["occurred_at"].is_sorted()


def test_automation_makes_no_reserved_move(events: pl.DataFrame) -> None:
    moves = of_kind(events, "stage_changed", to=pl.String())
    by_machine = moves.filter(pl.col("actor") == "automation")
    assert len(by_machine) > 0
    assert set(by_machine["to"]) == {"contacte", "qualifie"}
    reserved = moves.filter(pl.col("to").is_in(RESERVED))
    assert set(reserved["actor"]) == {"person"}
    ended = events.filter(pl.col("kind").is_in(["won", "lost"]))
    assert set(ended["actor"]) == {"person"}


def test_stages_follow_one_another(events: pl.DataFrame) -> None:
    shape = {"from": pl.String(), "to": pl.String()}
    moves = of_kind(events, "stage_changed", **shape).sort("lead_id", "occurred_at")
    before = pl.col("to").shift(1).over("lead_id").fill_null("nouveau")
    assert moves.select((pl.col("from") == before).all()).item()


def test_nothing_happens_before_entry_or_is_done_after_the_end(
    events: pl.DataFrame,
) -> None:
    first = events.sort("occurred_at").group_by("lead_id", maintain_order=True).first()
    assert set(first["kind"]) == {"attributes_set"}
    last = events.filter(pl.col("kind").is_in(["won", "lost"]))
    after = events.join(last.select("lead_id", ended="occurred_at"), on="lead_id")
    after = after.filter(pl.col("occurred_at") > pl.col("ended"))
    assert set(after["kind"]) == {"attributes_set"}


def test_people_work_on_working_days(events: pl.DataFrame) -> None:
    called = events.filter(pl.col("kind").is_in(["call_made", "meeting_held", "won"]))
    days = called["occurred_at"].dt.date()
    assert (days.dt.weekday() <= 5).all()
    holidays = [date(2025, 7, 14), date(2025, 11, 11), date(2026, 5, 1)]
    assert not days.is_in(holidays).any()
    months = called["occurred_at"].dt.month().to_list()
    assert months.count(8) < 0.75 * months.count(6)


def test_fields_are_written_over_after_a_sale(events: pl.DataFrame) -> None:
    shape = {"contract_type": pl.String(), "headcount": pl.Int64()}
    fields = of_kind(events, "attributes_set", **shape)
    after = fields.filter(pl.col("contract_type").is_not_null())
    won = events.filter(pl.col("kind") == "won").select("lead_id", sold="occurred_at")
    assert len(after) > 0.9 * len(won)
    joined = after.join(won, on="lead_id")
    assert len(joined) == len(after)
    assert (joined["occurred_at"] > joined["sold"]).all()
    before = fields.filter(pl.col("contract_type").is_null())
    both = after.join(before, on="lead_id", suffix="_before")
    changed = both.filter(pl.col("headcount") != pl.col("headcount_before"))
    assert len(changed) > 0.8 * len(both)


def test_large_leads_answer_late(events: pl.DataFrame) -> None:
    sent = events.filter(pl.col("kind") == "email_sent")
    replied = events.filter(pl.col("kind") == "email_replied").sort("occurred_at")
    last = replied.join_asof(
        sent.sort("occurred_at").select("lead_id", "occurred_at", sent="occurred_at"),
        on="occurred_at",
        by="lead_id",
        check_sortedness=False,
    )
    entry = of_kind(events, "attributes_set", headcount=pl.Int64(), region=pl.String())
    entry = entry.filter(pl.col("region").is_not_null()).select("lead_id", "headcount")
    hours = last.join(entry, on="lead_id").select(
        hours=(pl.col("occurred_at") - pl.col("sent")).dt.total_hours(),
        large=pl.col("headcount") >= 500,
    )
    large, others = (
        hours.filter(pl.col("large") == flag)["hours"].median()
        for flag in (True, False)
    )
    assert isinstance(large, float)
    assert isinstance(others, float)
    assert large > 1.5 * others


def test_the_sequence_is_assigned_by_entry_alone(events: pl.DataFrame) -> None:
    """The automated share of first mails follows the propensity, won or lost."""
    shape = {"headcount": pl.Int64(), "lead_source": pl.String()}
    entry = of_kind(events, "attributes_set", **shape).drop_nulls("lead_source")
    first = of_kind(events, "email_sent", step=pl.Int64()).filter(pl.col("step") == 1)
    won = events.filter(pl.col("kind") == "won")["lead_id"].implode()
    leads = entry.join(first.select("lead_id", sender="actor"), on="lead_id")
    source = np.array([SOURCES.index(name) for name in leads["lead_source"]])
    chance = propensity(source, leads["headcount"].to_numpy())
    expected = 0.12 + (0.85 - 0.12) * chance
    sender = (leads["sender"] == "automation").to_numpy().astype(float)
    assert abs((sender - expected).mean()) < 0.035
    high = chance > np.median(chance)
    assert sender[high].mean() > sender[~high].mean() + 0.15
    assert 0 < leads["lead_id"].is_in(won).sum() < len(leads)


def test_the_effect_of_the_sequence_is_written_down(
    demo: tuple[Path, GeneratedLog],
) -> None:
    provenance = read_log(demo[0]).about.provenance
    effect = provenance["automated_sequence"]
    assert isinstance(effect, dict)
    assert effect["risk_difference"] == demo[1].effect.of_all
    assert 0.02 < demo[1].effect.of_all < 0.06
    assert effect["risk_difference_of_open"] == demo[1].effect.of_open
    assert 0.02 < demo[1].effect.of_open < 0.06
    assert effect["assigned_by"] == ["lead_source", "headcount"]


def test_notes_are_french_sentences(events: pl.DataFrame) -> None:
    shape = {
        "tone": pl.Int64(),
        "objections": pl.List(pl.String),
        "text": pl.String(),
    }
    notes = of_kind(events, "note_added", **shape)
    assert set(notes["tone"]) == {-2, -1, 0, 1, 2}
    assert set(notes["objections"].explode().drop_nulls()) == set(OBJECTIONS)
    assert notes["text"].str.contains(r"^[A-ZÉ].*\.$").all()
    assert not notes["text"].str.contains(r"'|  |\{").any()
    assert notes["text"].n_unique() > 200
    price = notes.filter(pl.col("objections").list.contains("prix"))
    assert price["text"].str.contains("(?i)prix|tarif").all()
