"""Sheet of a foreign file: all its rows as text, the broken ones set apart."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

import orjson

from data.importing.block import Record, Refused
from data.importing.errors import ImportFailedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The rows of a file: `rows[i]` began on line `lines[i]` and was `texts[i]`.

    `contents[i]` is its identity, `delimiter` what stood between the names of the
    header, if it has one. Where a file has no lines, `unit` says what is counted.
    """

    path: Path
    header: tuple[str, ...]
    delimiter: str | None = None
    unit: str = "line"
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def add(self, line: int, text: str, row: list[str], content: str) -> None:
        self.lines.append(line)
        self.texts.append(text)
        self.rows.append(row)
        self.contents.append(content)

    def refuse(self, line: int, reason: str, text: str) -> None:
        self.refused.append(Refused(line, reason, text))


def content_key(cells: Iterable[str | None]) -> str:
    """An identity made of content: the same cells give it in every export.

    Examples
    --------
    >>> content_key(["L-1", "2026-03-10"]) == content_key(["L-1", "2026-03-10"])
    True
    >>> content_key(["L-1", "2026"]) == content_key(["L-", "12026"])
    False
    """
    joined = "\x1f".join(cell or "" for cell in cells)
    return blake2b(joined.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def sheet_of(path: Path, records: Iterable[Record], *, unit: str = "line") -> Sheet:
    """The sheet of rows that name their fields; the header is every name met.

    A field that is empty is as good as absent, and the order of fields says nothing:
    a field that only a later export has leaves the older rows their identity. Raises
    ImportFailedError if there is no row, or none could be read.
    """
    sheet = Sheet(path=path, header=(), unit=unit)
    places: dict[str, int] = {}
    for line, cells, text, fault in records:
        known = {name: cell for name, cell in cells.items() if cell}
        row_text = orjson.dumps(known).decode() if text is None else text
        if fault:
            sheet.refuse(line, fault, row_text)
            continue
        for name in cells:
            places.setdefault(name, len(places))
        content = content_key(part for item in sorted(known.items()) for part in item)
        sheet.add(line, row_text, [cells.get(name, "") for name in places], content)
    if not sheet.rows:
        raise ImportFailedError(_why_nothing(sheet))
    for row in sheet.rows:
        row.extend([""] * (len(places) - len(row)))
    return replace(sheet, header=tuple(places))


def _why_nothing(sheet: Sheet) -> str:
    if not sheet.refused:
        return f"{sheet.path} holds no row: export it again"
    first = sheet.refused[0]
    return (
        f"{sheet.path}, {sheet.unit} {first.line}: {first.reason} "
        f"({first.text[:100]}); no row of the file can be read"
    )
