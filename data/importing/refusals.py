"""Rejected rows of an import, kept on disk until they are told in `rejected.csv`."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import IO

import orjson

from data.importing.block import Refused
from data.importing.errors import ImportFailedError


class Refusals:
    """The rejected rows, and how often each reason stands, with its first row."""

    def __init__(self, file: IO[bytes], unit: str) -> None:
        self.unit = unit
        self._file = file
        self._among: list[Refused] = []
        self._reasons: Counter[str] = Counter()
        self._first: dict[str, Refused] = {}

    def __len__(self) -> int:
        return self._reasons.total()

    def __str__(self) -> str:
        """The three commonest reasons, each with its first row."""
        return "\n".join(
            f"  {count:,} times {reason} ({self.unit} {self._first[reason].line}: "
            f"{self._first[reason].text[:100]})"
            for reason, count in self.commonest().items()
        )

    def add(self, rows: Iterable[Refused]) -> None:
        """Further rows, of lines after those before."""
        for row in self._counted(rows):
            line = orjson.dumps([row.line, row.reason, row.text])
            self._file.write(line + b"\n")

    def add_among(self, rows: Iterable[Refused]) -> None:
        """Rows that stand between those before."""
        self._among += self._counted(rows)

    def commonest(self) -> dict[str, int]:
        """The three commonest reasons."""
        return dict(self._reasons.most_common(3))

    @property
    def first(self) -> Refused:
        return min(self._first.values(), key=lambda row: row.line)

    def write(self, path: Path) -> None:
        """Write the rejected rows by line; raises ImportFailedError."""
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                table = csv.writer(file)
                table.writerow([self.unit, "reason", "text"])
                table.writerows(self._by_line())
        except OSError as error:
            raise ImportFailedError(
                f"{path} can't be written ({error.strerror}): free the path"
            ) from error

    def _counted(self, rows: Iterable[Refused]) -> Iterator[Refused]:
        for row in rows:
            self._reasons[row.reason] += 1
            self._first.setdefault(row.reason, row)
            yield row

    def _by_line(self) -> Iterator[list[object]]:
        among = sorted(self._among, key=lambda row: row.line)
        others = ([row.line, row.reason, row.text] for row in among)
        self._file.seek(0)
        yield from merge(map(orjson.loads, self._file), others, key=itemgetter(0))
