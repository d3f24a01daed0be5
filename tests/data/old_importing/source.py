"""Bytes of a source file, plain or gzipped, piece by piece."""

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from data.importing.errors import ImportFailedError

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
            if begins.startswith(_ZIP):
                raise ImportFailedError(
                    f"{path} is a zip archive or a workbook: "
                    "unpack it, or save the sheet as CSV"
                )
            yield stored
    except OSError as error:
        raise ImportFailedError(
            f"{path} can't be read ({error.strerror or error}): name a file of rows, "
            "as CSV, JSON Lines, Parquet or XES"
        ) from error


def pieces(path: Path) -> Iterator[bytes]:
    """The content in pieces, unzipped where it is gzipped, whatever its name.

    Raises as `opened` does, and where gzipped content is damaged: after which line.
    """
    line = 0
    with opened(path) as stored:
        plain = _unzipped(stored, path)
        try:
            while piece := plain.read(_PIECE_BYTES):
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
