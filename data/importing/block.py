"""Blocks of a foreign file: some of its rows as text, the broken ones set apart."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import NamedTuple

import orjson
import polars as pl

BETWEEN_CELLS = "\x1f"
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that could not be imported: its first line, why, and its text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows that follow each other in a file, and those between them that are none.

    `frame` holds their cells as they are written, null or "" where there is none;
    `text_of` gives a row's text by its place in it. `contents` are what makes their
    identities. `share_read` of the file ends with the block.
    """

    frame: pl.DataFrame
    lines: pl.Series
    contents: pl.Series
    text_of: Callable[[int], str]
    refused: list[Refused] = field(default_factory=list)
    share_read: float = 1.0

    def keys(self) -> pl.Series:
        """An identity of each row, made of its content."""
        return content_keys(self.contents)


def content_keys(texts: pl.Series) -> pl.Series:
    """An identity for each text: the same content gives it in every export.

    Examples
    --------
    >>> content_keys(pl.Series(["L-1\\x1f2026-03-10"])).to_list()
    ['ead805439c6f4925d9f52158']
    """
    digest = hashlib.blake2b
    keys = [digest(text, digest_size=12).digest() for text in texts.cast(pl.Binary)]
    return pl.Series(texts.name, keys, dtype=pl.Binary).bin.encode("hex")


class Record(NamedTuple):
    """A row that names its fields, or a `fault`: why it can't be imported.

    A row without a text of its own is told as the JSON of its fields.
    """

    line: int
    cells: Mapping[str, str]
    text: str | None = None
    fault: str | None = None


def blocks_of(
    records: Iterable[Record], share_read: Callable[[], float]
) -> Iterator[Block]:
    """The blocks of rows that name their fields."""
    waiting = iter(records)
    while some := list(islice(waiting, _ROWS_AT_ONCE)):
        refused = [
            Refused(one.line, one.fault, _text(one)) for one in some if one.fault
        ]
        sound = [one for one in some if not one.fault]
        names = dict.fromkeys(name for one in sound for name in one.cells)
        columns = {name: [one.cells.get(name) for one in sound] for name in names}
        frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String()))
        lines = [one.line for one in sound]
        yield block_of_fields(
            frame,
            lines=pl.Series("line", lines, dtype=pl.Int64),
            text_of=partial(_text_among, sound),
            refused=refused,
            share_read=share_read(),
        )


def block_of_fields(
    frame: pl.DataFrame,
    *,
    lines: pl.Series,
    text_of: Callable[[int], str] | None = None,
    refused: list[Refused] | None = None,
    share_read: float,
) -> Block:
    """A block of rows that name their fields.

    A field that is empty is as good as absent, and the order of fields says nothing:
    a field that only a later export has leaves the older rows their identity.
    """
    known = (
        pl.when(pl.col(name) != "").then(pl.lit(name + BETWEEN_CELLS) + pl.col(name))
        for name in sorted(frame.columns)
    )
    contents = pl.concat_str(known, separator=BETWEEN_CELLS, ignore_nulls=True)
    return Block(
        frame=frame,
        lines=lines,
        contents=(
            frame.select(contents).to_series()
            if frame.columns
            else pl.repeat("", len(lines), eager=True)
        ),
        text_of=text_of or (lambda row: _json(frame.row(row, named=True))),
        refused=refused or [],
        share_read=share_read,
    )


def _text_among(records: list[Record], row: int) -> str:
    return _text(records[row])


def _text(record: Record) -> str:
    return _json(record.cells) if record.text is None else record.text


def _json(cells: Mapping[str, str | None]) -> str:
    return orjson.dumps({name: cell for name, cell in cells.items() if cell}).decode()
