"""Reader of CSV files: each row with its line, broken lines set apart."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from data.importing.errors import ImportFailedError
from data.importing.source import Pieces
from tests.data.old_importing.sheet import Sheet, content_key

_LEFT_OPEN = "a quote is left open, or the fields that span lines are not complete"


def read_csv(path: Path, *, delimiter: str, encoding: str) -> Sheet:
    """Read a CSV file, plain or gzipped. Blank lines are no rows.

    Raises ImportFailedError if the file can't be read, or holds no row.
    """
    text = b"".join(Pieces(path)).decode(encoding)
    # newline="" keeps each line's end, and splits nowhere but at line ends
    lines = list(io.StringIO(text, newline=""))
    records = _records(lines, delimiter)
    header_line, _, cells = next(records, (1, "", None))
    if not cells or isinstance(cells, str):
        raise ImportFailedError(f"{path}, line {header_line}: no header can be read")
    sheet = Sheet(
        path=path,
        header=tuple(name.strip() for name in cells),
        delimiter=delimiter,
    )
    for line, row_text, row in records:
        if isinstance(row, str):
            sheet.refuse(line, f"broken CSV: {row}", row_text)
        elif len(row) != len(sheet.header):
            reason = f"{len(row)} fields where the header has {len(sheet.header)}"
            sheet.refuse(line, reason, row_text)
        else:
            sheet.add(line, row_text, row, content_key(row))
    if not sheet.rows and not sheet.refused:
        raise ImportFailedError(f"{path} holds a header and no row: export it again")
    return sheet


def _records(
    lines: list[str], delimiter: str
) -> Iterator[tuple[int, str, list[str] | str]]:
    """Each record as (first line, text, its fields or what is broken).

    A broken record that spans several lines is broken at its first line only, and
    reading goes on from the next: a quote left open must not swallow what follows.
    """
    start, width = 0, None
    while start < len(lines):
        for begun, end, row in _parsed(lines, start, delimiter):
            width = len(row) if width is None else width
            if end - begun > 1 and (isinstance(row, str) or len(row) != width):
                yield begun + 1, lines[begun].rstrip("\r\n"), _LEFT_OPEN
                start = begun + 1
                break
            if row:
                yield begun + 1, "".join(lines[begun:end]).rstrip("\r\n"), row
        else:
            return


def _parsed(
    lines: list[str], start: int, delimiter: str
) -> Iterator[tuple[int, int, list[str] | str]]:
    """Records from line index `start` on, as (first index, index past it, fields)."""
    remaining = map(lines.__getitem__, range(start, len(lines)))
    reader = csv.reader(remaining, delimiter=delimiter, strict=True)
    begun = start
    while True:
        try:
            row: list[str] | str = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row = str(error)
        yield begun, start + reader.line_num, row
        begun = start + reader.line_num
