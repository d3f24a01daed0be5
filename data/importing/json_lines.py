"""Reader of JSON Lines files: one object a line, its inner ones as `outer.inner`."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import orjson

from data.importing.block import Block, Record, blocks_of
from data.importing.errors import ImportFailedError
from data.importing.source import UTF_16, Pieces

_NO_NUMBER = re.compile(rb"\b(NaN|Infinity)\b")
_BOM = b"\xef\xbb\xbf"
_LONGEST_LINE = 16 << 20  # bytes; past it the file has no lines, as one long list

_PAST_INTEGERS = 2.0**64  # an identifier as large would lose its last digits


def read_json_lines(path: Path) -> Iterator[Block]:
    """Read a file of JSON objects, in UTF-8, plain or gzipped. Blank lines are no rows.

    A list is kept as its JSON text; null and NaN are empty cells. Raises
    ImportFailedError if the file can't be read, or has a line over 16 MiB.
    """
    pieces = Pieces(path)
    return blocks_of(records(path, pieces), lambda: pieces.share_read)


def records(path: Path, pieces: Pieces) -> Iterator[Record]:
    for line, written in enumerate(_lines(path, pieces), start=1):
        if not written.strip():
            continue
        text = written.decode(errors="replace").rstrip("\r")
        try:
            yield Record(line, _cells(written), text)
        except (ValueError, RecursionError, orjson.JSONEncodeError) as error:
            why = error.msg if isinstance(error, orjson.JSONDecodeError) else error
            yield Record(line, {}, text, f"no JSON object: {why}")


def _lines(path: Path, pieces: Pieces) -> Iterator[bytes]:
    rest, line = b"", 0
    for number, piece in enumerate(pieces):
        *whole, rest = (rest + (piece if number else _begun(piece, path))).split(b"\n")
        yield from whole
        line += len(whole)
        if len(rest) > _LONGEST_LINE:
            raise ImportFailedError(
                f"{path}, line {line + 1}: over {_LONGEST_LINE >> 20} MiB: write one "
                "object a line (jq -c '.[]' does it from a list)"
            )
    if rest:
        yield rest


def _begun(piece: bytes, path: Path) -> bytes:
    """The first piece without its mark; raises ImportFailedError for other formats."""
    text = piece.removeprefix(_BOM)
    if text.startswith(UTF_16):
        raise ImportFailedError(
            f"{path} is UTF-16 text: save it as UTF-8 (iconv -f utf-16 -t utf-8)"
        )
    if text.lstrip().startswith(b"["):
        raise ImportFailedError(
            f"{path} begins with an array: one object a line is expected "
            "(jq -c '.[]' makes that of an array)"
        )
    return text


def _cells(written: bytes) -> dict[str, str]:
    """The fields of a line's object as text; ValueError says why it has none."""
    record = _loaded(written)
    if not isinstance(record, dict):
        raise ValueError("it is no object")
    cells: dict[str, str] = {}
    inner = [*reversed(record.items())]
    while inner:
        name, value = inner.pop()
        if isinstance(value, dict):
            inner += [(f"{name}.{key}", part) for key, part in reversed(value.items())]
        elif name in cells:
            raise ValueError(f"the field {name!r} stands twice")
        elif isinstance(value, float) and abs(value) >= _PAST_INTEGERS:
            raise ValueError(
                f"the field {name!r} has too many digits: write it as text"
            )
        else:
            cells[name] = cell(value)
    return cells


def _loaded(written: bytes) -> object:
    try:
        return orjson.loads(written)
    except orjson.JSONDecodeError:
        if not _NO_NUMBER.search(written):
            raise
        # Python writes NaN and Infinity, which JSON has not
        return json.loads(written, parse_constant=_no_number)


def _no_number(name: str) -> str | None:
    return None if name == "NaN" else name


def cell(value: object) -> str:
    """A value as the text of a cell.

    Examples
    --------
    >>> [cell(value) for value in ("Visit", 7, 1.5, True, None, ["a", 1])]
    ['Visit', '7', '1.5', 'true', '', '["a",1]']
    """
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value, default=str).decode()
