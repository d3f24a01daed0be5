"""Reading of TOML files, and the line of a fault: tomllib knows that of syntax only."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import FreinError

Loc = tuple[int | str, ...]


class FromFile(BaseModel):
    """A value read from a file: frozen, and no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Schema = TypeVar("Schema", bound=BaseModel)


def read_toml(
    path: Path, schema: type[Schema], table: str, refusal: type[FreinError]
) -> Schema:
    """The file as a value, which keeps its text if it has a field for it.

    Raises `refusal`: the file, the line and the `table`, and what is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
        fields = tomllib.loads(text)
        kept = {"text": text} if "text" in schema.model_fields else {}
        return schema.model_validate(fields | kept)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refusal(f"{path}: {error}") from error
    except ValidationError as error:
        raise refusal(f"{path}: {faults(error, text, table)}") from error


def faults(error: ValidationError, text: str, table: str) -> str:
    """What pydantic finds wrong, each with its line; `table` is the list of tables.

    Examples
    --------
    >>> from pydantic import BaseModel
    >>> class Rule(BaseModel):
    ...     id: str
    ...     priority: int
    >>> class Rules(BaseModel):
    ...     rule: list[Rule]
    >>> text = '[[rule]]\\nid = "R-01"\\npriority = "high"'
    >>> try:
    ...     Rules.model_validate({"rule": [{"id": "R-01", "priority": "high"}]})
    ... except ValidationError as error:
    ...     faults(error, text, "rule")[:30]
    "line 3: rule 'R-01', priority:"
    """
    return "; ".join(
        _fault(detail["loc"], detail["msg"].removeprefix("Value error, "), text, table)
        for detail in error.errors(include_url=False)
    )


def line_of(text: str, identifier: str) -> int:
    """The line of the last `id` or `name` that says so; 1 if there is none."""
    lines = text.splitlines()
    return _key_line(lines, range(len(lines))[::-1], ["id", "name"], identifier) or 1


def _fault(loc: Loc, message: str, text: str, table: str) -> str:
    lines = text.splitlines()
    match loc:
        case [key, int(position), *rest] if key == table:
            start, end = _block(lines, table, position)
            line = _key_line(lines, range(start, end), rest[:1]) or start + 1
            names = [_named(lines[start:end], table, position)]
        case [str(key), *_]:
            line = _key_line(lines, range(len(lines)), [key]) or 1
            names, rest = [], [*loc]
        case _:
            named = re.match(rf"{table} '([^']+)'", message)
            line, names, rest = line_of(text, named[1]) if named else 1, [], []
    place = ", ".join(filter(None, [*names, ".".join(map(str, rest))]))
    return f"line {line}: {place}: {message}" if place else f"line {line}: {message}"


def _block(lines: list[str], table: str, position: int) -> tuple[int, int]:
    """From the header of the table at that position to the next one's."""
    header = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
    starts = [i for i, line in enumerate(lines) if header.match(line)]
    if position >= len(starts):  # written inline, as one list
        return 0, len(lines)
    return starts[position], [*starts, len(lines)][position + 1]


def _key_line(
    lines: list[str], where: range, keys: Iterable[object], value: str | None = None
) -> int | None:
    """The number of the line that begins with a key, or with a table named so."""
    wanted = f'"{re.escape(value)}"' if value else ""
    for key in keys:
        name = re.escape(str(key))
        begins = re.compile(rf"\s*(\[+\s*\w+\.)?{name}\s*[\]=.]+\s*{wanted}")
        for i in where:
            if begins.match(lines[i]):
                return i + 1
    return None


def _named(block: list[str], table: str, position: int) -> str:
    for line in block:
        if named := re.match(r'\s*(?:id|kind|name)\s*=\s*"([^"]+)"', line):
            return f"{table} {named[1]!r}"
    return f"{table} number {position + 1}"
