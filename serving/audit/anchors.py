"""The anchors' file and the key that signs them. Copy the file to another machine."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import TypeAdapter, ValidationError

from governance.audit.anchors import Anchor
from serving.errors import AnchorsUnreadableError

_ANCHORS, _KEY, _HEAD = "anchors.jsonl", "key.pem", "head.json"
_ANCHOR = TypeAdapter(Anchor)


def read_anchors(folder: Path) -> list[Anchor]:
    """The anchors signed so far, the oldest first; none if there is no file.

    Raises AnchorsUnreadableError: names the file and the line.
    """
    path = folder / _ANCHORS
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AnchorsUnreadableError(f"{path}: {error}") from error
    return [_anchor(line, f"{path}, line {n}") for n, line in enumerate(lines, 1)]


def add_anchor(folder: Path, anchor: Anchor) -> None:
    """Append an anchor, and have it on disk."""
    descriptor = os.open(
        folder / _ANCHORS, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600
    )
    with os.fdopen(descriptor, "ab") as file:
        file.write(orjson.dumps(asdict(anchor)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def has_key(folder: Path) -> bool:
    """Is there a key? One is made with the first anchor."""
    return (folder / _KEY).exists()


def note_head(folder: Path, seq: int) -> None:
    """Note how far the chain went, where anchors are: a store that is copied without
    what SQLite keeps beside it, or put back from a copy, has fewer rows."""
    if not has_key(folder) or seq <= noted_head(folder):
        return
    draft = folder / f"{_HEAD}.new"
    draft.write_bytes(orjson.dumps({"seq": seq}))
    draft.replace(folder / _HEAD)


def noted_head(folder: Path) -> int:
    """How far the chain went; 0 if nobody noted it. Raises AnchorsUnreadableError."""
    path = folder / _HEAD
    try:
        return int(orjson.loads(path.read_bytes())["seq"])
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnchorsUnreadableError(f"{path}: {error}") from error


def signing_key(folder: Path, anchors: Sequence[Anchor]) -> Ed25519PrivateKey:
    """The key that signs; made the first time, readable by its owner only.

    Raises AnchorsUnreadableError if the file is damaged, open to others, or gone though
    it signed `anchors`.
    """
    path = folder / _KEY
    if not anchors and not path.exists():
        _make_key(path)
    try:
        if path.stat().st_mode & 0o077:
            raise AnchorsUnreadableError(f"{path}: others may read it: chmod 600")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise AnchorsUnreadableError(f"{path}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise AnchorsUnreadableError(f"{path}: it isn't an Ed25519 key")
    return key


def _anchor(line: bytes, where: str) -> Anchor:
    try:
        return _ANCHOR.validate_json(line, strict=True)
    except ValidationError as error:
        raise AnchorsUnreadableError(f"{where}: it isn't an anchor") from error


def _make_key(path: Path) -> None:
    """Write a whole key or none; of two who make one at once, the first one's stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with TemporaryDirectory(dir=path.parent, prefix="key-") as folder:
        draft = Path(folder) / _KEY
        draft.touch(mode=0o600)
        draft.write_bytes(text)
        with suppress(FileExistsError):
            path.hardlink_to(draft)
