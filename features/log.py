"""Log of events on disk: a folder with `events.parquet` and `log.toml`."""

import os
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from shutil import copymode, rmtree
from tempfile import TemporaryDirectory, mkdtemp

import polars as pl
import tomli_w
from pydantic import JsonValue, TypeAdapter, ValidationError

from features.errors import LeadIdError, LogError
from features.event import EVENT_SCHEMA, Actor
from features.lead_id import DOTS, LONGEST, lead_id

FIRST_YEAR, LAST_YEAR = 1970, 2099  # 0001, 1899, 9999: empty dates of systems
EVENTS_FILE = "events.parquet"
ABOUT_FILE = "log.toml"
_AS_IT_IS = r"^[!-~]+( [!-~]+)*$"  # of an id: ASCII, with single spaces


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAbout:
    """What a log is. `received_at` is "recorded", or "assumed" equal to `occurred_at`.

    `won_kinds` and `lost_kinds` end a lead's open life; `provenance` is free:
    the mapping of an import, the parameters of a generator (TOML knows no null).
    """

    name: str
    received_at: str = "recorded"
    won_kinds: tuple[str, ...] = ("won",)
    lost_kinds: tuple[str, ...] = ("lost",)
    provenance: dict[str, JsonValue] = field(default_factory=dict)


# What another system did with a lead: it is there no more, or again.
REMOVED_KINDS = ("lead_deleted", "lead_archived", "lead_merged")
_RESTORED_KIND = "lead_restored"
_ABOUT = TypeAdapter(LogAbout)
_NAMES = ("lead_id", "source", "event_id", "kind")


@dataclass(frozen=True, slots=True)
class Log:
    about: LogAbout
    events: pl.DataFrame  # of EVENT_SCHEMA

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of event that the log has."""
        return frozenset(self.events["kind"].unique())


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some leads' events, in a file of their own; a process may read it for another."""

    file: Path
    log: Path

    def read(self) -> pl.DataFrame:
        """A frame of EVENT_SCHEMA; raises LogError as `read_log` does."""
        with _naming(self.log):
            return _checked(pl.read_parquet(self.file), self.log)


@dataclass(frozen=True, slots=True)
class LogParts:
    """A log in parts; `end`: when its last event was known."""

    about: LogAbout
    end: datetime
    parts: tuple[LogPart, ...]


def read_log(folder: Path) -> Log:
    """Read a log, each (source, event_id) once: the first received counts.

    Raises LogError if the folder is no log, a file is damaged, a column is missing or
    of another type or holds nulls, or there is no event at all.
    """
    about, path = _read_about(folder / ABOUT_FILE), folder / EVENTS_FILE
    with _naming(path):
        events = pl.read_parquet(path, glob=False)
    return Log(about, once_each(_checked(events, path)))


def events_of_lead(folder: Path, lead_id: str) -> pl.DataFrame:
    """What a log holds of a lead, be it nothing: of EVENT_SCHEMA; raises LogError."""
    path = folder / EVENTS_FILE
    with _naming(path):
        events = pl.scan_parquet(path, glob=False)
        chosen = events.with_columns(_KEPT).filter(pl.col("lead_id") == lead_id)
        return chosen.select(EVENT_SCHEMA.names()).collect()


def leave_out(
    folder: Path, choose: Callable[[Mapping[str, datetime]], Collection[str]]
) -> None:
    """Write a log anew without the leads that are chosen of those that it has: when the
    first event of each was received.

    Its events are whole at any time: first the old file's, then the new one's. Others
    who do so wait. Raises LogError.
    """
    path, draft = folder / EVENTS_FILE, folder / f".{EVENTS_FILE}.new"
    with _naming(path), _alone(folder):
        events = pl.scan_parquet(path, glob=False)
        first = events.group_by("lead_id").agg(pl.col("received_at").min())
        chosen = sorted(choose(dict(first.collect().iter_rows())))
        if not chosen:
            return
        try:
            events.filter(~pl.col("lead_id").is_in(chosen)).sink_parquet(draft)
            copymode(path, draft)
            _put_on_disk(draft)
            draft.replace(path)
            _put_on_disk(folder)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        flock(handle, LOCK_EX)
        yield
    finally:
        os.close(handle)


def _put_on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def log_parts(folder: Path, *, events_at_once: int) -> Iterator["LogParts"]:
    """A log of any size, in parts of whole leads, of about so many events each.

    They lie in a temporary folder meanwhile, up to twice as large as the log. A
    (source, event_id) counts once a lead. Raises LogError as `read_log` does.
    """
    about, path = _read_about(folder / ABOUT_FILE), folder / EVENTS_FILE
    with _naming(path):
        events = pl.scan_parquet(path, glob=False)
        _check_columns(events.collect_schema(), path)
        n_events = events.select(pl.len()).collect().item()
    if not n_events:
        raise LogError(f"{path}: the log holds no event")
    n_parts = -(-n_events // events_at_once)
    with TemporaryDirectory(prefix="frein-log-") as scattered:
        part = (pl.col("lead_id").hash() % n_parts).alias("part")
        with _naming(path):
            events.with_columns(_KEPT).with_columns(part).sink_parquet(
                pl.PartitionBy(scattered, key="part", include_key=False),
                compression="lz4",
                statistics=False,
                mkdir=True,
            )
            end = last_known_at(events)
        files = sorted(Path(scattered).glob("part=*"))
        yield LogParts(about, end, tuple(LogPart(file, path) for file in files))


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


_KEPT = pl.col("lead_id").map_batches(
    lambda written: lead_ids(written)[0], return_dtype=pl.String
)


def _checked(events: pl.DataFrame, path: Path) -> pl.DataFrame:
    _check_columns(events.schema, path)
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


def _check_contents(events: pl.DataFrame, path: Path) -> None:
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


def _check_columns(schema: pl.Schema, path: Path) -> None:
    for column, dtype in EVENT_SCHEMA.items():
        if (stored := schema.get(column, "nothing")) != dtype:
            raise LogError(f"{path}: column {column!r} is {stored}, expected {dtype}")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """What reading raises, as a LogError that names the file."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise LogError(f"{path}: {error}") from error


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


def write_log(folder: Path, log: Log) -> None:
    """Write a log; the folder appears whole or not at all.

    Raises LogError if `folder` already holds something, or cannot be written.
    """
    with new_log_folder(folder) as draft:
        write_events(draft, log.events)
        write_about(draft, log.about)


@contextmanager
def new_log_folder(folder: Path) -> Iterator[Path]:
    """A draft folder beside `folder`, renamed to it on success and removed on error."""
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


def write_events(folder: Path, events: pl.DataFrame) -> None:
    """Write the events of a log into its folder; raises LogError."""
    with _naming(folder / EVENTS_FILE):
        events.select(EVENT_SCHEMA.names()).write_parquet(folder / EVENTS_FILE)


def write_about(folder: Path, about: LogAbout) -> None:
    text = tomli_w.dumps(asdict(about))
    (folder / ABOUT_FILE).write_text(text, encoding="utf-8")


def _read_about(path: Path) -> LogAbout:
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        keys = [key.name for key in fields(LogAbout)]
        return _ABOUT.validate_python({key: written[key] for key in keys})
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LogError(
            f"{path.parent} is no log, which is a folder with {ABOUT_FILE} and "
            f"{EVENTS_FILE}: `frein data import` makes one of your events, "
            "`frein data generate` one of made-up leads"
        ) from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LogError(f"{path}: {error}") from error
    except KeyError as error:
        raise LogError(f"{path}: the key {error} is missing") from error
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False)
        place = ".".join(map(str, first["loc"]))
        raise LogError(f"{path}: {place}: {first['msg']}") from error


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
