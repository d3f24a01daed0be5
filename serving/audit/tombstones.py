"""Tombstones beside the anchors, and their key: by them a restored backup forgets again
whom it had not forgotten yet."""

import os
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from governance.people.privacy import ForgetReason, Tombstone, likeness, pseudonym
from serving.database.engine import Store
from serving.errors import AnchorsUnreadableError
from serving.repositories.privacy.personal_data import stored_tombstones

TOMBSTONES, KEYS = "tombstones.jsonl", "tombstones.key"
_TOMBSTONE = TypeAdapter(Tombstone)


class Tombstones:
    """The two files of a folder. There may be several keys, one a line, once a backup
    of another machine was restored: the first one makes new tombstones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> list[Tombstone]:
        """Raises AnchorsUnreadableError: names the file and the line."""
        path = self._folder / TOMBSTONES
        return [
            _tombstone(line, f"{path}, line {n}")
            for n, line in enumerate(_lines(path), 1)
        ]

    def add(self, lead_id: str, reason: ForgetReason, today: date) -> Tombstone:
        """Make a tombstone, and have it on disk."""
        keys = self._keys() or [self._make_key()]
        made = Tombstone(
            hash=pseudonym(lead_id, keys[0]),
            forgotten_on=today,
            reason=reason,
            skeleton=likeness(lead_id, keys[0]),
        )
        append_line(self._folder / TOMBSTONES, orjson.dumps(asdict(made)))
        return made

    def pseudonyms(self, lead_ids: Iterable[str]) -> dict[str, str]:
        """What may stand for these leads, by each key; none where nobody was
        forgotten."""
        keys = self._keys()
        return {pseudonym(name, key): name for name in lead_ids for key in keys}

    def likenesses(self, lead_ids: Iterable[str]) -> dict[str, str]:
        """What may stand for those that look like these leads, by each key."""
        keys = self._keys()
        return {likeness(name, key): name for name in lead_ids for key in keys}

    def _keys(self) -> list[bytes]:
        path = self._folder / KEYS
        lines = _lines(path)
        if lines and path.stat().st_mode & 0o077:
            raise AnchorsUnreadableError(f"{path}: others may read it: chmod 600")
        try:
            return [bytes.fromhex(line.decode()) for line in lines]
        except ValueError as error:
            raise AnchorsUnreadableError(f"{path}: it holds no key") from error

    def _make_key(self) -> bytes:
        self._folder.mkdir(parents=True, exist_ok=True)
        key = secrets.token_bytes(32)
        append_line(self._folder / KEYS, key.hex().encode())
        return key


def tombstone_faults(
    store: Store, folder: Path, before: Collection[Tombstone]
) -> Iterator[str]:
    """Where the store's tombstones aren't those of the folder, in words. `before`:
    those that it had a while ago, as each is there before it is in the store."""
    with store.reading() as session:
        there = stored_tombstones(session)
    if there and not (folder / TOMBSTONES).exists():
        yield f"{TOMBSTONES} is gone from beside the anchors: {len(there)} stood there."
        return
    for each in sorted(set(there) - set(Tombstones(folder).read()), key=_hash):
        yield f"{TOMBSTONES} doesn't know of it: tombstone {each.hash}"
    for hash in sorted({e.hash for e in before} - {e.hash for e in there}):
        yield f"{TOMBSTONES} knows of it, and it is gone: tombstone {hash}"


def _hash(tombstone: Tombstone) -> str:
    return tombstone.hash


def merge_tombstones(ours: Path, staged: Path) -> None:
    """Add to the files of a restored folder what those of ours have beyond it; our key
    comes first."""
    for name in (KEYS, TOMBSTONES):
        lines = dict.fromkeys([*_lines(ours / name), *_lines(staged / name)])
        (staged / name).unlink(missing_ok=True)
        for line in lines:
            append_line(staged / name, line)


def append_line(path: Path, line: bytes) -> None:
    """Append to a file that its owner alone reads, and have it on disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AnchorsUnreadableError(f"{path}: {error}") from error


def _tombstone(line: bytes, where: str) -> Tombstone:
    try:
        return _TOMBSTONE.validate_json(line)
    except ValidationError as error:
        raise AnchorsUnreadableError(f"{where}: it is no tombstone") from error
