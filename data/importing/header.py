"""Headers of tables: the row that names the columns, be it under a title."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.importing.errors import ImportFailedError

LINES_SEARCHED = 50  # a title, a date, the filters of a report
_NAMES_TOLD = 50


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, and the last line that the header takes."""

    names: tuple[str, ...]
    ends_on: int
    delimiter: str = ","

    def places(self, named: Sequence[tuple[str, str]]) -> dict[str, int]:
        return {column: self.names.index(column) for _, column in named}


def header_in(
    rows: Iterable[tuple[int, int, Sequence[str]]],
    named: Sequence[tuple[str, str]],
    path: Path,
    delimiter: str | None = None,
) -> Header:
    """The first of the rows, each with its first and last line, that has all columns
    that the mapping names.

    Raises ImportFailedError: none of the first rows has them, or it has one twice.
    """
    first: tuple[int, tuple[str, ...]] | None = None
    for begins_on, ends_on, row in rows:
        names = tuple(cell.strip() for cell in row)
        if {column for _, column in named} <= {*names}:
            _refuse_twice(names, named, f"{path}, line {begins_on}")
            return Header(names, ends_on, delimiter or "")
        first = first or (begins_on, names)
    if first is None or not any(first[1]):
        line = first[0] if first else 1
        raise ImportFailedError(f"{path}, line {line}: no header can be read")
    read = "" if delimiter is None else f"with delimiter {delimiter!r} "
    refuse_absent(f"{path}, line {first[0]}", named, first[1], read)
    raise AssertionError


def refuse_absent(
    place: str, named: Sequence[tuple[str, str]], names: Sequence[str], read: str = ""
) -> None:
    """Raise ImportFailedError if a column that the mapping names is none of these."""
    for key, column in named:
        if column not in names:
            raise ImportFailedError(
                f"{place}: the mapping's {key} names the column {column!r}, which is "
                f"not in the header; {read}it holds {', '.join(names[:_NAMES_TOLD])}"
            )


def _refuse_twice(
    names: Sequence[str], named: Sequence[tuple[str, str]], place: str
) -> None:
    for key, column in named:
        if (times := names.count(column)) > 1:
            raise ImportFailedError(
                f"{place}: the mapping's {key} names the column {column!r}, which the "
                f"header holds {times} times; "
                f"it holds {', '.join(names[:_NAMES_TOLD])}"
            )
