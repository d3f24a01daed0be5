"""Logs, read whole or bucket after bucket."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

import polars as pl

from features.errors import LogError
from features.event import EVENT_SCHEMA
from features.log.about import LogAbout, read_about
from features.log.events import KEPT, checked, naming, once_each
from features.log.manifest import (
    Manifest,
    Part,
    bucket_of,
    buckets_of,
    folder_of,
    read_manifest,
    scan,
)
from features.log.storage import (
    EVENTS_FILE,
    MANIFEST_FILE,
    Location,
    storage_of,
)

_EMPTY = pl.lit("{}")
Query: TypeAlias = Callable[[pl.LazyFrame], pl.LazyFrame]


@dataclass(frozen=True, slots=True)
class Log:
    about: LogAbout
    events: pl.DataFrame  # of EVENT_SCHEMA

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of event that the log has."""
        return frozenset(self.events["kind"].unique())

    @property
    def rows(self) -> int:
        return self.events.height

    def parts(self) -> Iterator["Log"]:
        """Some leads at a time, each whole: here all of them."""
        yield self


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Some leads of a log, each whole; a process may read it for another."""

    location: Location
    number: int
    of: int  # how many buckets the log has
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def place(self) -> str:
        is_file = [part.name for part in self.parts] == [EVENTS_FILE]
        name = EVENTS_FILE if is_file else folder_of(self.number)
        return storage_of(self.location).address(name)

    def read(self) -> pl.DataFrame:
        """Its events, each (source, event_id) of a lead once; raises LogError as
        `read_log` does."""
        return once_each(self.every_event(), "lead_id")

    def every_event(self) -> pl.DataFrame:
        """Its events as they are kept: one may be there twice; raises LogError."""
        return checked(self.collect(), self.place)

    def outline(self) -> pl.DataFrame:
        """As `read`, but nothing of what the events say is read: `data` is empty."""
        said_nothing = self.collect(lambda events: events.with_columns(data=_EMPTY))
        return once_each(checked(said_nothing, self.place), "lead_id")

    def scan(self) -> pl.LazyFrame:
        """Its events, unchecked."""
        storage = storage_of(self.location)
        return scan([storage.address(part.name) for part in self.parts])

    def collect(self, query: Query = lambda events: events) -> pl.DataFrame:
        """Its events, unchecked, or what they answer to a query; those of now, where
        its parts are gone. Raises LogError.
        """
        try:
            with naming(self.place):
                return query(self.scan()).collect()
        except LogError:
            now, _ = read_manifest(storage_of(self.location))
            parts = now.by_bucket.get(self.number, ())
            if now.buckets != self.of or not parts or parts == self.parts:
                raise
        again = Bucket(
            location=self.location, number=self.number, of=self.of, parts=parts
        )
        return again.collect(query)


@dataclass(frozen=True, kw_only=True)
class LogDataset:
    """A log as its buckets; `end`: when its last event was known."""

    about: LogAbout
    end: datetime
    buckets: tuple[Bucket, ...]

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of event that the log has."""
        kind = pl.col("kind").unique()
        each = (
            bucket.collect(lambda events: events.select(kind))
            for bucket in self.buckets
        )
        return frozenset(pl.concat(each)["kind"])

    @property
    def rows(self) -> int:
        """Its events, those twice that are there twice."""
        return sum(bucket.rows for bucket in self.buckets)

    def parts(self) -> Iterator[Log]:
        """Some leads at a time, each whole, without what their events say."""
        for bucket in self.buckets:
            yield Log(self.about, bucket.outline())

    def by_bucket(self, rows: pl.DataFrame) -> Iterator[tuple[Bucket, pl.DataFrame]]:
        """The rows of each bucket's leads, by `lead_id`; none of leads that aren't
        in it."""
        numbers = buckets_of(rows["lead_id"], self.buckets[0].of).alias("bucket")
        dealt = rows.with_columns(numbers).partition_by(
            "bucket", as_dict=True, include_key=False
        )
        for bucket in self.buckets:
            if (bucket.number,) in dealt:
                yield bucket, dealt[bucket.number,]


AnyLog: TypeAlias = Log | LogDataset


def open_log(location: Location) -> LogDataset:
    """A log of any size, to be read bucket after bucket.

    Raises LogError if the location is no log, or it holds no event.
    """
    storage = storage_of(location)
    about, (manifest, stored) = read_about(storage), read_manifest(storage)
    if not manifest.parts:
        root = MANIFEST_FILE if stored else EVENTS_FILE
        raise LogError(f"{storage.address(root)}: the log holds no event")
    return LogDataset(
        about=about,
        end=max(part.last for part in manifest.parts),
        buckets=tuple(buckets_in(manifest, location)),
    )


def log_in_parts(location: Location) -> AnyLog:
    """A log of any size, to be looked at more than once: one bucket is kept in memory.

    Raises LogError as `read_log` does, and as its buckets are read.
    """
    log = open_log(location)
    return log if len(log.buckets) > 1 else read_log(location)


def is_one_file(location: Location) -> bool:
    """Tells whether a log is as they were before, and read by one process."""
    return storage_of(location).read(MANIFEST_FILE) is None


def buckets_in(manifest: Manifest, location: Location) -> list[Bucket]:
    return [
        Bucket(location=location, number=number, of=manifest.buckets, parts=parts)
        for number, parts in manifest.by_bucket.items()
    ]


def read_log(location: Location, *, may_be_empty: bool = False) -> Log:
    """Read a log, each (source, event_id) once: the first received counts.

    Raises LogError if the location is no log, a file is damaged, a column is missing or
    of another type or holds nulls, or there is no event at all, unless it
    `may_be_empty`, as one whose leads were all left out.
    """
    if may_be_empty:
        manifest, stored = read_manifest(storage_of(location))
        if stored and not manifest.parts:
            return Log(read_about(storage_of(location)), EVENT_SCHEMA.to_frame())
    log = open_log(location)
    events = pl.concat([bucket.every_event() for bucket in log.buckets])
    return Log(log.about, once_each(events))


def events_of_lead(location: Location, lead_id: str) -> pl.DataFrame:
    """What a log holds of a lead, be it nothing: of EVENT_SCHEMA; raises LogError."""
    manifest, _ = read_manifest(storage_of(location))
    number = bucket_of(lead_id, manifest.buckets)
    written = [KEPT] if manifest.is_one_file else []
    for bucket in buckets_in(manifest, location):
        if bucket.number == number:
            return bucket.collect(
                lambda events: (
                    events.with_columns(written)
                    .filter(pl.col("lead_id") == lead_id)
                    .select(EVENT_SCHEMA.names())
                )
            )
    return EVENT_SCHEMA.to_frame()


def log_digest(location: Location) -> str:
    """SHA-256 of what a log says, in hexadecimal: of its manifest, which has that of
    each part; of a log in one file, of that. Raises LogError."""
    storage = storage_of(location)
    stored = storage.read(MANIFEST_FILE) or storage.read(EVENTS_FILE)
    if stored is None:
        raise LogError(f"{storage.address(MANIFEST_FILE)}: there is no such file")
    return hashlib.sha256(stored.content).hexdigest()
