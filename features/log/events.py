"""Events of a log: what is refused of them, and that each counts once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import polars as pl

from features.errors import LeadIdError, LogError
from features.event import EVENT_SCHEMA, Actor
from features.lead_id import DOTS, LONGEST, lead_id

FIRST_YEAR, LAST_YEAR = 1970, 2099  # 0001, 1899, 9999: empty dates of systems
# What another system did with a lead: it is there no more, or again.
# A lead that ended nobody knows when teaches nothing about time: it counts as gone.
UNDATED_KIND = "outcome_undated"
REMOVED_KINDS = ("lead_deleted", "lead_archived", "lead_merged", UNDATED_KIND)
_RESTORED_KIND = "lead_restored"
_AS_IT_IS = r"^[!-~]+( [!-~]+)*$"  # of an id: ASCII, with single spaces
_NAMES = ("lead_id", "source", "event_id", "kind")


def first_known_at(events: pl.LazyFrame) -> datetime:
    """When the first of some events (at least one) was known or happened."""
    first = pl.min_horizontal("occurred_at", "received_at").min()
    known_at: datetime = events.select(first).collect().item()
    return known_at


def last_known_at(events: pl.LazyFrame) -> datetime:
    """When the last of some events (at least one) was known, as its clocks have it."""
    last = pl.max_horizontal("occurred_at", "received_at").max()
    known_at: datetime = events.select(last).collect().item()
    return known_at


def lead_ids(written: pl.Series) -> tuple[pl.Series, dict[str, LeadIdError]]:
    """The ids of a column as they are kept, and why some can't be: these stay as they
    are written."""
    texts = written.unique().drop_nulls()
    is_kept = texts.str.contains(_AS_IT_IS) & (texts.str.len_chars() <= LONGEST)
    kept: dict[str, str] = {}
    refused: dict[str, LeadIdError] = {}
    for text in texts.filter(~is_kept | texts.is_in([*DOTS])):
        try:
            kept[text] = lead_id(text)
        except LeadIdError as error:
            refused[text] = error
    return written.replace(kept) if kept else written, refused


KEPT = pl.col("lead_id").map_batches(
    lambda written: lead_ids(written)[0], return_dtype=pl.String
)


def checked(events: pl.DataFrame, path: str) -> pl.DataFrame:
    check_columns(events.schema, path)
    for column in EVENT_SCHEMA:
        if n_null := events[column].null_count():
            raise LogError(f"{path}: column {column!r} is empty in {n_null} rows")
    if events.is_empty():
        raise LogError(f"{path}: the log holds no event")
    _check_contents(events, path)
    leads, refused = lead_ids(events["lead_id"])
    for written, error in refused.items():
        raise LogError(f"{path}: lead {written!r}: {error}")
    return events.select(EVENT_SCHEMA.names()).with_columns(leads)


def _check_contents(events: pl.DataFrame, path: str) -> None:
    faults = {f"{name!r} is empty": pl.col(name) == "" for name in _NAMES}
    faults["'actor' is none of " + ", ".join(Actor)] = ~pl.col("actor").is_in([*Actor])
    for name in ("occurred_at", "received_at"):
        year = pl.col(name).dt.year()
        outside = ~year.is_between(FIRST_YEAR, LAST_YEAR)
        faults[f"{name!r} is not from {FIRST_YEAR} to {LAST_YEAR}"] = outside
    first_rows = events.lazy().select(
        is_faulty.arg_true().first().alias(fault) for fault, is_faulty in faults.items()
    )
    for fault, row in first_rows.collect().row(0, named=True).items():
        if row is not None:
            source, event_id = events.select("source", "event_id").row(row)
            raise LogError(f"{path}: event {event_id!r} of source {source!r}: {fault}")


def check_columns(schema: pl.Schema, path: str) -> None:
    for column, dtype in EVENT_SCHEMA.items():
        if (stored := schema.get(column, "nothing")) != dtype:
            raise LogError(f"{path}: column {column!r} is {stored}, expected {dtype}")


@contextmanager
def naming(path: str) -> Iterator[None]:
    """What reading raises, as a LogError of one line that names the file."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        said = str(error).partition("\n")[0]
        raise LogError(f"{path}: {said}") from error


def once_each(events: pl.DataFrame, *key: str) -> pl.DataFrame:
    """Each (source, event_id) once, the first received; `key` narrows the pair.

    Deliveries that differ in nothing but their content, received at the same
    instant, are settled by content, so that the order of rows never matters.
    """
    pair = [*key, "source", "event_id"]
    twice = pl.struct(pair).is_duplicated()
    repeated = events.filter(twice)
    if repeated.is_empty():
        return events
    content = ["occurred_at", "lead_id", "kind", "actor", "data"]
    first = repeated.sort("received_at", *content).unique(
        pair, keep="first", maintain_order=True
    )
    return pl.concat([events.filter(~twice), first])


def removed_leads(events: pl.DataFrame) -> pl.DataFrame:
    """The leads that were removed and not restored since, (n_leads, 2): `lead_id`, and
    `removed_at`, since when. A merger is for good."""
    told = events.filter(pl.col("kind").is_in([*REMOVED_KINDS, _RESTORED_KIND])).sort(
        "occurred_at", "received_at"
    )
    is_merged = (pl.col("kind") == "lead_merged").any()
    is_gone = is_merged | (pl.col("kind").last() != _RESTORED_KIND)
    since = pl.col("occurred_at").filter(pl.col("kind") != _RESTORED_KIND)
    return (
        told.group_by("lead_id", maintain_order=True)
        .agg(removed_at=since.last(), is_gone=is_gone)
        .filter("is_gone")
        .select("lead_id", "removed_at")
    )
