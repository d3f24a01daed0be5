"""Manifest of a log: the parts that its events are in, by bucket.

A log's leads are dealt to buckets, each whole, and a bucket is one Parquet file or
more: its parts. What the manifest names is the log.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zlib import crc32

import polars as pl
from pydantic import TypeAdapter, ValidationError

from features.errors import LogError
from features.log.events import check_columns, first_known_at, last_known_at, naming
from features.log.storage import (
    EVENTS_FILE,
    EVENTS_FOLDER,
    MANIFEST_FILE,
    Storage,
    Stored,
)

EVENTS_IN_BUCKET = 60_000  # a thousand leads or so: a core explains them in a second
MOST_BUCKETS = 10_000  # their names have four digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of a bucket's events, in a file. `first` and `last`: when the first and the
    last of them were known or happened. `sha256` is that of the file."""

    bucket: int
    name: str
    rows: int
    leads: int
    first: datetime
    last: datetime
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All parts, by bucket. There are `buckets`; some may hold nothing."""

    buckets: int
    parts: tuple[Part, ...]

    @cached_property
    def by_bucket(self) -> Mapping[int, tuple[Part, ...]]:
        """Those that hold events."""
        numbers = sorted({part.bucket for part in self.parts})
        return {
            number: tuple(part for part in self.parts if part.bucket == number)
            for number in numbers
        }

    @property
    def names(self) -> frozenset[str]:
        return frozenset(part.name for part in self.parts)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def is_one_file(self) -> bool:
        """Of a log as they were before: its ids may be written in any form."""
        return self.names == {EVENTS_FILE}


_MANIFEST = TypeAdapter(Manifest)


def bucket_of(lead_id: str, buckets: int) -> int:
    """The bucket of a lead: the same in each process, on each machine, for ever.

    Examples
    --------
    >>> bucket_of("L-1", 16)
    3
    """
    return crc32(lead_id.encode()) % buckets


def buckets_of(lead_ids: pl.Series, buckets: int) -> pl.Series:
    """As `bucket_of`, of a column."""
    known = lead_ids.fill_null("")  # which reading refuses
    leads = known.unique()
    numbers = [bucket_of(lead, buckets) for lead in leads]
    return known.replace_strict(leads, numbers, return_dtype=pl.UInt32)


def buckets_for(events: int) -> int:
    """How many buckets so many events are dealt to."""
    return min(max(1, -(-events // EVENTS_IN_BUCKET)), MOST_BUCKETS)


def folder_of(bucket: int) -> str:
    return f"{EVENTS_FOLDER}/bucket={bucket:04}"


def part_of(bucket: int, events: pl.DataFrame, content: bytes) -> Part:
    """The part that a file with some events is; its name follows from its content."""
    sha256 = hashlib.sha256(content).hexdigest()
    first, last = first_known_at(events.lazy()), last_known_at(events.lazy())
    return Part(
        bucket=bucket,
        name=f"{folder_of(bucket)}/part-{sha256[:16]}.parquet",
        rows=events.height,
        leads=events["lead_id"].n_unique(),
        first=first,
        last=last,
        sha256=sha256,
    )


def read_manifest(storage: Storage) -> tuple[Manifest, Stored | None]:
    """A log's manifest, and the file that says it; a log in one file has none, and is
    one bucket. Raises LogError."""
    stored = storage.read(MANIFEST_FILE)
    if stored is None:
        return _of_one_file(storage), None
    try:
        return _MANIFEST.validate_json(stored.content), stored
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False)
        place = ".".join(map(str, first["loc"]))
        where = storage.address(MANIFEST_FILE)
        raise LogError(f"{where}: {place}: {first['msg']}") from error


def written(manifest: Manifest) -> bytes:
    parts = sorted(manifest.parts, key=lambda part: (part.bucket, part.name))
    ordered = Manifest(buckets=manifest.buckets, parts=tuple(parts))
    return _MANIFEST.dump_json(ordered, indent=1)


def _of_one_file(storage: Storage) -> Manifest:
    path = storage.address(EVENTS_FILE)
    with naming(path):
        events = scan([path])
        check_columns(events.collect_schema(), path)
        rows, leads = (
            events.select(pl.len(), pl.col("lead_id").n_unique()).collect().row(0)
        )
        if not rows:
            return Manifest(buckets=1, parts=())
        first, last = first_known_at(events), last_known_at(events)
    part = Part(
        bucket=0,
        name=EVENTS_FILE,
        rows=rows,
        leads=leads,
        first=first,
        last=last,
        sha256="",
    )
    return Manifest(buckets=1, parts=(part,))


def scan(addresses: list[str]) -> pl.LazyFrame:
    """Parquet files, each by its own name; who may is said by AWS_* variables alone."""
    return pl.scan_parquet(
        addresses, glob=False, hive_partitioning=False, credential_provider=None
    )
