"""Where logs lie: a folder on a disk, or a prefix of an object store.

Both keep files by name. What is swapped is whole at any time, the old or the new;
what nothing names any more is swept.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from features.errors import LogError

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import ObjectStore as Prefix

Location: TypeAlias = Path | str  # a folder, or an address: s3://bucket/prefix

ABOUT_FILE = "log.toml"
MANIFEST_FILE = "manifest.json"
EVENTS_FOLDER = "events"
EVENTS_FILE = "events.parquet"  # of a log in one file, as they were before
SCHEME = "s3://"
RETRIES, PATIENCE = 3, timedelta(seconds=30)  # with an object store
# An unnamed object may be a part that another writer is about to name.
LONGEST_WRITE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file's content; `version` is the store's, None on a disk."""

    content: bytes
    version: str | None = None


class Storage(Protocol):
    """Files of a log by name, "/" between folders. All of it raises LogError."""

    @property
    def place(self) -> str: ...

    def address(self, name: str) -> str:
        """Returns where a file is, as Polars takes it."""

    def read(self, name: str) -> Stored | None:
        """Returns None if there is no such file."""

    def write(self, name: str, content: bytes) -> None: ...

    def swap(self, name: str, content: bytes, seen: Stored | None) -> None:
        """Write in place of what was seen (None: of nothing), whole or not at all;
        raises LogError if somebody was quicker."""

    def remove(self, names: Collection[str]) -> None:
        """Remove files, if they are there."""

    def sweep(self, named: Collection[str]) -> None:
        """Remove events that no name tells."""

    def alone(self) -> AbstractContextManager[None]:
        """Have others who write wait, where they can be made to."""


def storage_of(location: Location) -> Storage:
    """Raises LogError."""
    if not is_address(location):
        return Disk(Path(location))
    try:
        import obstore  # noqa: F401 - an extra: not everybody has it
    except ImportError as error:
        raise LogError(
            f"{location}: logs on an object store need `pip install frein[s3]`"
        ) from error
    return ObjectStore(str(location).rstrip("/"))


def is_address(location: Location) -> bool:
    """Tells whether it is of an object store."""
    return isinstance(location, str) and location.startswith(SCHEME)


def absolute(location: Location) -> str:
    """A location as any process of this machine understands it."""
    return str(location if is_address(location) else Path(location).resolve())


@dataclass(frozen=True, slots=True)
class Disk:
    folder: Path

    @property
    def place(self) -> str:
        return str(self.folder)

    def address(self, name: str) -> str:
        return str(self.folder / name)

    def read(self, name: str) -> Stored | None:
        path = self.folder / name
        try:
            return Stored(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LogError(f"{path}: {error}") from error

    def write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                if (mode := self._mode()) is not None:
                    os.fchmod(file.fileno(), mode)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            for folder in (path.parent, self.folder):
                _put_on_disk(folder)
        except OSError as error:
            raise LogError(f"{path}: {error}") from error

    def _mode(self) -> int | None:
        """That of the log's events: who may not read them reads no later ones."""
        for name in (MANIFEST_FILE, EVENTS_FILE):
            if (path := self.folder / name).exists():
                return path.stat().st_mode & 0o777
        return None

    def swap(self, name: str, content: bytes, seen: Stored | None) -> None:
        draft = f".{name}.new"
        try:
            self.write(draft, content)
            (self.folder / draft).replace(self.folder / name)
            _put_on_disk(self.folder)
        except OSError as error:
            raise LogError(f"{self.folder / name}: {error}") from error

    def remove(self, names: Collection[str]) -> None:
        for name in names:
            try:
                (self.folder / name).unlink(missing_ok=True)
            except OSError as error:
                raise LogError(f"{self.folder / name}: {error}") from error

    def sweep(self, named: Collection[str]) -> None:
        there = [self.folder / EVENTS_FILE, *self.folder.glob(f"{EVENTS_FOLDER}/**/*")]
        files = {str(path.relative_to(self.folder)) for path in there if path.is_file()}
        self.remove(files - set(named))

    @contextmanager
    def alone(self) -> Iterator[None]:
        try:
            handle = os.open(self.folder, os.O_RDONLY)
        except OSError as error:
            raise LogError(f"{self.folder}: {error}") from error
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


@dataclass(frozen=True)
class ObjectStore:
    """A prefix of a bucket; who may, and where, is said by the usual AWS_* variables.

    Writers don't wait for one another: the first to swap the manifest wins, and others
    are told (If-Match, If-None-Match).
    """

    place: str

    @cached_property
    def _prefix(self) -> "Prefix":
        from obstore.store import from_url

        with _telling(self.place):
            return from_url(
                self.place,
                client_options={"allow_http": True},
                retry_config={"max_retries": RETRIES, "retry_timeout": PATIENCE},
            )

    def address(self, name: str) -> str:
        return f"{self.place}/{name}"

    def read(self, name: str) -> Stored | None:
        import obstore

        with _telling(self.address(name)):
            try:
                found = obstore.get(self._prefix, name)
                return Stored(bytes(found.bytes()), found.meta["e_tag"])
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        import obstore

        with _telling(self.address(name)):
            obstore.put(self._prefix, name, content)

    def swap(self, name: str, content: bytes, seen: Stored | None) -> None:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        mode: PutMode = {"e_tag": seen.version} if seen else "create"
        with _telling(self.address(name)):
            try:
                obstore.put(self._prefix, name, content, mode=mode)
            except (AlreadyExistsError, PreconditionError) as error:
                raise LogError(
                    f"{self.address(name)}: somebody else wrote this log meanwhile "
                    "(nothing was changed): try again"
                ) from error

    def remove(self, names: Collection[str]) -> None:
        import obstore

        with _telling(self.place):
            for name in names:
                obstore.delete(self._prefix, name)

    def sweep(self, named: Collection[str]) -> None:
        import obstore

        before = datetime.now(UTC) - LONGEST_WRITE
        with _telling(self.place):
            listed = [
                each
                for page in obstore.list(self._prefix, EVENTS_FOLDER)
                for each in page
            ]
        there = {one["path"] for one in listed if one["last_modified"] < before}
        self.remove((there | {EVENTS_FILE}) - set(named))

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()


@contextmanager
def _telling(address: str) -> Iterator[None]:
    """What the store's client raises, as a LogError of one line."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise LogError(f"{address}: {said}") from error
