"""Bytes of a source file, plain or gzipped, piece by piece."""

import codecs
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from data.importing.errors import ImportFailedError

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # how such a text begins
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_PIECE_BYTES = 1 << 20


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """The file as it is stored.

    Raises ImportFailedError if it can't be read, is empty, or is a zip archive.
    """
    try:
        with path.open("rb") as stored:
            begins = stored.peek(len(_ZIP))
            if not begins:
                raise ImportFailedError(f"{path} is empty: export it again")
            if begins.startswith(_ZIP) and not is_workbook(path):
                raise ImportFailedError(
                    f"{path} is a zip archive or a workbook: "
                    "unpack it, or name it .xlsx"
                )
            yield stored
    except OSError as error:
        raise ImportFailedError(
            f"{path} can't be read ({error.strerror or error}): name a file of rows, "
            "as CSV, JSON Lines, Parquet or XES"
        ) from error


class Pieces:
    """The content in pieces, unzipped where it is gzipped, whatever its name.

    Raises as `opened` does, and where gzipped content is damaged: after which line.
    """

    def __init__(self, path: Path, size: int = _PIECE_BYTES) -> None:
        self._path, self._size = path, size
        self.share_read = 0.0  # of the file as it is stored

    def __iter__(self) -> Iterator[bytes]:
        with opened(self._path) as stored:
            whole = os.fstat(stored.fileno()).st_size
            for piece in _unpacked(stored, self._path, self._size):
                self.share_read = stored.tell() / max(whole, 1)
                yield piece


def _unpacked(stored: BufferedReader, path: Path, size: int) -> Iterator[bytes]:
    line = 0
    plain = _unzipped(stored, path)
    try:
        while piece := plain.read(size):
            yield piece
            line += piece.count(b"\n")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ImportFailedError(
            f"{path}, after line {line}: the gzip file is damaged ({error}): "
            "fetch it again"
        ) from error


def digest(path: Path) -> str:
    """SHA-256 of the file as it is stored, in hexadecimal."""
    with opened(path) as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest()


def _unzipped(stored: BufferedReader, path: Path) -> BinaryIO:
    if stored.peek(len(_GZIP)).startswith(_GZIP):
        return cast(BinaryIO, gzip.GzipFile(fileobj=stored))
    if path.suffix == ".gz":
        raise ImportFailedError(f"{path} is named .gz but is no gzip file")
    return stored


def is_workbook(path: Path) -> bool:
    """Whether the file's name is that of a workbook."""
    return path.suffix.lower() in WORKBOOKS
