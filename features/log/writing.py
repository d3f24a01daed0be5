"""Logs, written: new, with what is new added, without some leads, in other buckets.

Whatever is written stands under names of its own until the manifest names it, which
is swapped last: a log is whole at any time, the old or the new. What it doesn't name
any more is removed then; what a killed writer left is swept by the next.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp

import polars as pl

from features.errors import LogError
from features.event import EVENT_SCHEMA
from features.log.about import LogAbout
from features.log.about import write_about as write_about_in
from features.log.events import naming, once_each
from features.log.manifest import (
    Manifest,
    Part,
    buckets_for,
    part_of,
    read_manifest,
    written,
)
from features.log.reading import Bucket, Log, buckets_in
from features.log.spill import EVENTS_AT_ONCE, Spill, spilled
from features.log.storage import (
    ABOUT_FILE,
    MANIFEST_FILE,
    Disk,
    Location,
    Storage,
    Stored,
    is_address,
    storage_of,
)

ROWS_IN_GROUP = 16_384  # of Parquet: what is read at least, to find one lead
ORDER = ("lead_id", "occurred_at", "received_at")
PARTS_AT_ONCE = 4  # in memory, while they are written


def write_log(location: Location, log: Log) -> None:
    """Write a log; it appears whole or not at all.

    Raises LogError if the location already holds something, or cannot be written.
    """
    with new_log_folder(location) as draft:
        write_events(draft, [log.events], n_events=log.events.height)
        write_about(draft, log.about)


@contextmanager
def new_log_folder(location: Location) -> Iterator[Path]:
    """A draft folder, which becomes the log on success and is removed on error; raises
    LogError if the location already holds something, or can't be written."""
    if is_address(location):
        with _draft_of_objects(storage_of(location)) as draft:
            yield draft
        return
    folder = Path(location)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LogError(f"{folder} already exists: name another folder, or remove it")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise LogError(f"{folder}: {error}") from error
    try:
        yield draft
        draft.chmod(0o755)
        draft.rename(folder)
    except OSError as error:
        raise LogError(f"{folder}: {error}") from error
    finally:
        rmtree(draft, ignore_errors=True)


@contextmanager
def _draft_of_objects(storage: Storage) -> Iterator[Path]:
    if storage.read(ABOUT_FILE) or storage.read(MANIFEST_FILE):
        raise LogError(f"{storage.place} already exists: name another, or remove it")
    with TemporaryDirectory(prefix="frein-log-") as folder:
        draft = Path(folder)
        yield draft
        for path in sorted(draft.rglob("*")):
            name = str(path.relative_to(draft))
            if path.is_file() and name not in {ABOUT_FILE, MANIFEST_FILE}:
                storage.write(name, path.read_bytes())
        manifest, about = (draft / name for name in (MANIFEST_FILE, ABOUT_FILE))
        storage.swap(MANIFEST_FILE, manifest.read_bytes(), None)
        storage.write(ABOUT_FILE, about.read_bytes())


def write_events(
    folder: Path,
    events: Iterable[pl.DataFrame],
    *,
    n_events: int,
    n_buckets: int | None = None,
) -> None:
    """Write the events of a new log into its draft, however many they are.

    `n_events`: about how many; the number of buckets follows from it, unless it is
    said. Raises LogError.
    """
    buckets = n_buckets or buckets_for(n_events)
    with spilled(events, buckets, str(folder)) as spill:
        write_buckets(folder, spill, spill.bucket)


def write_buckets(
    folder: Path, spill: Spill, events_of: Callable[[int], pl.DataFrame]
) -> None:
    """Write the events that what was spilled becomes, bucket by bucket, into the draft
    of a new log; several are asked for at once. Raises LogError."""
    storage = Disk(folder)
    with naming(storage.place):
        parts = _put_parts(storage, spill.numbers, events_of)
    _name(storage, Manifest(buckets=spill.buckets, parts=parts), None)


def write_about(folder: Path, about: LogAbout) -> None:
    """Write the `log.toml` of a new log into its draft."""
    write_about_in(Disk(folder), about)


def append_events(
    location: Location, events: Iterable[pl.DataFrame], about: LogAbout | None = None
) -> int:
    """Add to a log what it doesn't have of some events; only their buckets are touched.

    `about`: what the log is from now on, if that changed. Returns how many events were
    new. Raises LogError if the location is no log, or somebody wrote it meanwhile.
    """
    with _writing(location) as (storage, manifest, seen):
        buckets = {bucket.number: bucket for bucket in buckets_in(manifest, location)}
        with spilled(events, manifest.buckets, storage.place) as spill:

            def new_in(number: int) -> pl.DataFrame:
                return _new(spill.bucket(number), buckets.get(number))

            added = _put_parts(storage, spill.numbers, new_in)
        if about:
            write_about_in(storage, about)
        parts = (*manifest.parts, *added)
        if added:
            _name(storage, Manifest(buckets=manifest.buckets, parts=parts), seen)
    return sum(part.rows for part in added)


def _new(events: pl.DataFrame, bucket: Bucket | None) -> pl.DataFrame:
    """What a bucket lacks of some events."""
    if bucket is None:
        return once_each(events, "lead_id")
    stored = bucket.collect(lambda kept: kept.select(events.columns))
    counting = once_each(pl.concat([stored, events]), "lead_id")
    return counting.join(stored, on=events.columns, how="anti", nulls_equal=True)


def leave_out(
    location: Location, choose: Callable[[Mapping[str, datetime]], Collection[str]]
) -> None:
    """Write a log anew without the leads that are chosen of those that it has: when the
    first event of each was received. It is asked bucket after bucket.

    Only the buckets that hold them are written; what they were in is removed. Raises
    LogError.
    """
    with _writing(location) as (storage, manifest, seen):
        without = {
            bucket.number: (bucket, chosen)
            for bucket in buckets_in(manifest, location)
            if (chosen := sorted(choose(_first_received(bucket))))
        }
        if not without:
            return

        def rest(number: int) -> pl.DataFrame:
            bucket, chosen = without[number]
            is_chosen = pl.col("lead_id").is_in(chosen)
            return bucket.collect(lambda kept: kept.filter(~is_chosen))

        rewritten = _put_parts(storage, without, rest)
        kept = (part for part in manifest.parts if part.bucket not in without)
        without_them = Manifest(buckets=manifest.buckets, parts=(*kept, *rewritten))
        _name(storage, without_them, seen)
        storage.remove(manifest.names - without_them.names)


def _first_received(bucket: Bucket) -> dict[str, datetime]:
    first = bucket.collect(
        lambda events: events.group_by("lead_id").agg(pl.col("received_at").min())
    )
    return dict(first.iter_rows())


def partition_log(location: Location, n_buckets: int | None = None) -> int:
    """Deal a log's leads to buckets anew, each of one part; else as many as its size
    wants. Returns how many. Raises LogError.
    """
    storage = storage_of(location)
    with storage.alone():
        manifest, seen = read_manifest(storage)
        if seen:
            storage.sweep(manifest.names)
        return _partition(location, manifest, seen, n_buckets)


def _partition(
    location: Location, manifest: Manifest, seen: Stored | None, n_buckets: int | None
) -> int:
    storage, buckets = storage_of(location), n_buckets or buckets_for(manifest.rows)
    every = _every_event(manifest, location)
    with spilled(every, buckets, storage.place) as spill:
        parts = _put_parts(storage, spill.numbers, spill.bucket)
    dealt = Manifest(buckets=buckets, parts=parts)
    _name(storage, dealt, seen)
    storage.remove(manifest.names - dealt.names)
    return buckets


def _every_event(manifest: Manifest, location: Location) -> Iterator[pl.DataFrame]:
    for bucket in buckets_in(manifest, location):
        yield from bucket.scan().collect_batches(chunk_size=EVENTS_AT_ONCE)


# --- One writer -------------------------------------------------------------


@contextmanager
def _writing(location: Location) -> Iterator[tuple[Storage, Manifest, Stored | None]]:
    """A log as it is, in buckets and swept, while nobody else writes it; where others
    can't be made to wait, `_name` tells."""
    storage = storage_of(location)
    with storage.alone():
        manifest, seen = read_manifest(storage)
        if seen is None:
            _partition(location, manifest, seen, None)
            manifest, seen = read_manifest(storage)
        storage.sweep(manifest.names)
        yield storage, manifest, seen


def _put_parts(
    storage: Storage, numbers: Collection[int], events_of: Callable[[int], pl.DataFrame]
) -> tuple[Part, ...]:
    """Write a part for each bucket that has events."""
    with ThreadPoolExecutor(PARTS_AT_ONCE) as pool:
        put = pool.map(partial(_put_part, storage, events_of), numbers)
        return tuple(part for part in put if part)


def _put_part(
    storage: Storage, events_of: Callable[[int], pl.DataFrame], number: int
) -> Part | None:
    events, file = events_of(number), BytesIO()
    if events.is_empty():
        return None
    _in_order(events).write_parquet(file, row_group_size=ROWS_IN_GROUP)
    content = file.getvalue()
    part = part_of(number, events, content)
    storage.write(part.name, content)
    return part


def _in_order(events: pl.DataFrame) -> pl.DataFrame:
    """By lead and time, then by all else: whatever the order in which they came."""
    columns = EVENT_SCHEMA.names()
    rest = (name for name in columns if name not in ORDER)
    return events.select(columns).sort(*ORDER, *rest)


def _name(storage: Storage, manifest: Manifest, seen: Stored | None) -> None:
    """From here on these parts are the log."""
    storage.swap(MANIFEST_FILE, written(manifest), seen)
