"""Sheet of a foreign file: its rows as text, the broken ones set apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

import orjson

from data.importing.errors import ImportFailedError


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that could not be imported: its first line, why, and its text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The rows of a file: `rows[i]` began on line `lines[i]` and was `texts[i]`.

    `contents[i]` is its identity, `delimiter` what stood between the names of the
    header, if it has one. Where a file has no lines, `unit` says what is counted.
    """

    path: Path
    sha256: str
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


class RecordSheet:
    """Gathers rows that name their fields; the header is every name met.

    A field that is empty is as good as absent, and the order of fields says nothing:
    a field that only a later export has leaves the older rows their identity.
    """

    def __init__(self, path: Path, *, unit: str = "line") -> None:
        self._sheet = Sheet(path=path, sha256="", header=(), unit=unit)
        self._places: dict[str, int] = {}
        self.refuse = self._sheet.refuse

    def add(self, line: int, cells: Mapping[str, str], text: str | None = None) -> None:
        """Add a row; of one without a text of its own, its fields are told as JSON."""
        row = [""] * len(self._places)
        for name, cell in cells.items():
            place = self._places.setdefault(name, len(self._places))
            row.extend([""] * (place + 1 - len(row)))
            row[place] = cell
        said = sorted((name, cell) for name, cell in cells.items() if cell)
        content = content_key(part for pair in said for part in pair)
        self._sheet.add(line, told(cells) if text is None else text, row, content)

    def sheet(self, sha256: str) -> Sheet:
        """The rows gathered.

        Raises
        ------
        ImportFailedError
            If there is none, or none could be read.
        """
        if not self._sheet.rows:
            raise ImportFailedError(self._why_nothing())
        for row in self._sheet.rows:
            row.extend([""] * (len(self._places) - len(row)))
        return replace(self._sheet, sha256=sha256, header=tuple(self._places))

    def _why_nothing(self) -> str:
        path, refused = self._sheet.path, self._sheet.refused
        if not refused:
            return f"{path} holds no row: export it again"
        return (
            f"{path}, {self._sheet.unit} {refused[0].line}: {refused[0].reason} "
            f"({refused[0].text[:100]}); no row of the file can be read"
        )


def told(cells: Mapping[str, str]) -> str:
    """The fields of a row that are not empty, as JSON."""
    return orjson.dumps({name: cell for name, cell in cells.items() if cell}).decode()
