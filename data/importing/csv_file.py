"""Reader of CSV files, block by block: each row with its line, broken lines apart.

Lines that are plainly records go to Polars together. Python's `csv` reads the others,
each alone: those with a stray quote, a record that spans lines, or other fields than
the header.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from data.importing.block import BETWEEN_CELLS, Block, Refused
from data.importing.errors import ImportFailedError
from data.importing.header import LINES_SEARCHED, Header, header_in
from data.importing.source import UTF_16, Pieces

_BLOCK_BYTES = 8 << 20
_LONGEST_RECORD = 16 << 20  # characters; a quote not closed by then is left open
_SEPARATOR_LINE = "sep="  # by which Excel names the delimiter
_LEFT_OPEN = "a quote is left open, or the fields that span lines are not complete"

csv.field_size_limit(2 * _LONGEST_RECORD)  # of a cell: Python's own is 128 KiB


def read_csv(
    path: Path, *, delimiter: str, encoding: str, named: Sequence[tuple[str, str]]
) -> Iterator[Block]:
    """Read a CSV file, plain or gzipped, and of its rows the columns that are `named`,
    each with the key that names it. Blank lines are no rows.

    Raises ImportFailedError if the file can't be read or decoded, or has no header
    with these columns.
    """
    pieces = Pieces(path, _BLOCK_BYTES)
    texts = _decoded(pieces, encoding, path)
    text, is_last, share = next(texts)
    header, text = _begun(text, delimiter, named, path)
    line = header.ends_on + 1
    while True:
        lines = _Lines.of(text, header, is_last=is_last)
        found = lines.records(line)
        yield lines.block(found, line, header.places(named), share)
        if is_last:
            return
        rest, line = lines.rest(found), line + found.read
        if len(rest) > 2 * _LONGEST_RECORD:
            raise ImportFailedError(
                f"{path}, line {line}: over {_LONGEST_RECORD >> 20} MiB: "
                "this is no CSV, or its lines end in an unknown way"
            )
        more, is_last, share = next(texts)
        text = rest + more


@dataclass(slots=True)
class _Found:
    """What lines hold that are not plainly records: by index, the lines that a record
    spans and its fields. `read`: how many lines were read."""

    read: int
    odd: dict[int, tuple[int, list[str]]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Whole lines of a text, and what follows them. `end` is what parts them, unless
    they hold their own ends; `is_plain` says which are one record each."""

    lines: pl.Series
    end: str
    is_plain: pl.Series
    after: bytes
    header: Header
    is_last: bool

    @classmethod
    def of(cls, text: bytes, header: Header, *, is_last: bool) -> "_Lines":
        # a return may be the first half of a line's end
        past = max(text.rfind(b"\n"), text.rfind(b"\r", 0, max(len(text) - 1, 0))) + 1
        past = len(text) if is_last else past
        whole, after = text[:past], text[past:]
        ends_alone = whole.count(b"\r") > whole.count(b"\r\n")
        if ends_alone or not header.delimiter.isascii():
            lines = pl.Series(
                [*io.StringIO(whole.decode(), newline="")], dtype=pl.String
            )
            is_plain = pl.repeat(False, len(lines), dtype=pl.Boolean, eager=True)
            return cls(lines, "", is_plain, after, header, is_last)
        # read_lines takes one return with the line's end: what it leaves is text
        lines = (
            pl.read_lines(whole.replace(b"\r\n", b"\r\r\n")).to_series()
            if whole
            else pl.Series(dtype=pl.String)
        )
        return cls(lines, "\n", _is_plain(lines, header), after, header, is_last)

    def records(self, first: int) -> _Found:
        found = _Found(len(self.lines))
        past, width = 0, len(self.header.names)
        is_blank = self.lines.str.strip_chars("\r\n") == ""
        for start in (~self.is_plain & ~is_blank).arg_true():
            if start < past:
                continue
            row, count, size = self._record(start)
            is_whole = not isinstance(row, str) and len(row) == width
            at_end = start + count == len(self.lines) and isinstance(row, str)
            if at_end and not self.is_last and size <= _LONGEST_RECORD:
                found.read = start
                break
            if count > 1 and not is_whole:
                reason = f"broken CSV: {_LEFT_OPEN}"
            elif isinstance(row, str):
                reason = f"broken CSV: {row}"
            elif len(row) != width:
                reason = f"{len(row)} fields where the header has {width}"
            else:
                found.odd[start] = count, row
                past = start + count
                continue
            found.refused.append(Refused(first + start, reason, self._text(start, 1)))
        return found

    def _record(self, start: int) -> tuple[list[str] | str, int, int]:
        """The fields of the record that begins on a line, or what is broken; how many
        lines it spans, and their characters."""
        size = 0

        def lines() -> Iterator[str]:
            nonlocal size
            for place in range(start, len(self.lines)):
                if size > _LONGEST_RECORD:
                    return
                line = self.lines[place] + self.end
                size += len(line)
                yield line

        reader = csv.reader(lines(), delimiter=self.header.delimiter, strict=True)
        try:
            return next(reader), reader.line_num, size
        except csv.Error as error:
            return str(error), reader.line_num, size

    def block(
        self, found: _Found, first: int, places: dict[str, int], share: float
    ) -> Block:
        is_row = self.is_plain.head(found.read)
        if found.odd:
            spanned = [
                n
                for start, (count, _) in found.odd.items()
                for n in range(start, start + count)
            ]
            is_row = is_row.scatter(spanned, False)
        rows = self._parsed(is_row)
        index = is_row.arg_true().cast(pl.Int64)
        if found.odd:
            odd = pl.DataFrame(
                [row for _, row in found.odd.values()], schema=rows.schema, orient="row"
            )
            index = pl.concat([index, pl.Series([*found.odd], dtype=pl.Int64)])
            order = index.arg_sort()
            rows, index = pl.concat([rows, odd])[order], index.gather(order)
        names = rows.columns
        return Block(
            frame=rows.select(
                pl.col(names[place]).alias(name) for name, place in places.items()
            ),
            lines=(index + first).alias("line"),
            contents=rows.select(
                pl.concat_str(pl.all(), separator=BETWEEN_CELLS)
            ).to_series(),
            text_of=lambda row: self._text(
                start := index[row], found.odd.get(start, (1, []))[0]
            ),
            refused=found.refused,
            share_read=share,
        )

    def _parsed(self, is_row: pl.Series) -> pl.DataFrame:
        """The fields of plain lines."""
        schema = {str(n): pl.String() for n in range(len(self.header.names))}
        if not is_row.any():
            return pl.DataFrame(schema=schema)
        lines = self.lines.head(len(is_row)).filter(is_row)
        rows = pl.read_csv(
            lines.str.strip_suffix("\r").str.join("\n").item().encode(),
            has_header=False,
            separator=self.header.delimiter,
            schema=schema,
            empty_string_is_null=False,
        )
        assert rows.height == len(lines)
        return rows

    def _text(self, start: int, count: int) -> str:
        return self.end.join(self.lines.slice(start, count)).rstrip("\r\n")

    def rest(self, found: _Found) -> bytes:
        """What was not read yet."""
        lines = (line + self.end for line in self.lines.slice(found.read))
        return "".join(lines).encode() + self.after


def _is_plain(lines: pl.Series, header: Header) -> pl.Series:
    """Which lines are one record each: their fields are quoted whole or not at all, and
    as many as the header's."""
    bare = lines.str.strip_suffix("\r")
    delimiter = re.escape(header.delimiter)
    one = f'(?:[^"{delimiter}]*|"(?:[^"]|"")*")'
    is_sound = bare != ""
    between = bare.str.count_matches(header.delimiter, literal=True)
    quoted = bare.str.contains('"', literal=True).arg_true()
    if len(quoted):
        some = bare.gather(quoted)
        is_sound.scatter(quoted, some.str.contains(f"^{one}(?:{delimiter}{one})*$"))
        bare = some.str.replace_all('"[^"]*"', "")
        between.scatter(quoted, bare.str.count_matches(header.delimiter, literal=True))
    return is_sound & (between == len(header.names) - 1)


def _begun(
    text: bytes, delimiter: str, named: Sequence[tuple[str, str]], path: Path
) -> tuple[Header, bytes]:
    """The header, which may stand under a separator line and titles; and the rest."""
    # newline="" keeps each line's end, and splits nowhere but at line ends
    stream = io.StringIO(text.decode(), newline="")
    lines = [line for line, _ in zip(stream, range(LINES_SEARCHED), strict=False)]
    said = lines[0].rstrip("\r\n").strip('"') if lines else ""
    if said.lower().startswith(_SEPARATOR_LINE) and len(said) > len(_SEPARATOR_LINE):
        delimiter = said[len(_SEPARATOR_LINE)]
    header = header_in(_rows(lines, delimiter), named, path, delimiter)
    above = sum(len(line.encode()) for line in lines[: header.ends_on])
    return header, text[above:]


def _rows(lines: list[str], delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """The record that begins on each line that isn't blank, with its first and last
    line; of a broken one, nothing."""
    for start in range(len(lines)):
        reader = csv.reader(lines[start:], delimiter=delimiter, strict=True)
        try:
            row = next(reader)
        except csv.Error:
            row = [""]
        if row:
            yield start + 1, start + reader.line_num, row


def _decoded(
    pieces: Pieces, encoding: str, path: Path
) -> Iterator[tuple[bytes, bool, float]]:
    """The content in UTF-8, in pieces of whole characters, which is the last, and the
    share of the file that ends with each.

    Raises ImportFailedError if it is not in the encoding, or plainly in another.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    doubt = _Utf8Doubt(encoding)
    waiting, line, share = b"", 1, 0.0
    for number, piece in enumerate(pieces):
        if (
            not number
            and piece.startswith(UTF_16)
            and not encoding.startswith("utf-16")
        ):
            raise ImportFailedError(
                f"{path} is UTF-16 text: write encoding = 'utf-16' in the mapping"
            )
        doubt.see(piece)
        text = _decode(
            decoder, piece, is_last=False, encoding=encoding, at=(path, line)
        )
        line += piece.count(b"\n")
        if number:
            yield waiting, False, share
        waiting, share = text, pieces.share_read
    last = _decode(decoder, b"", is_last=True, encoding=encoding, at=(path, line))
    if doubt.is_utf_8():
        raise ImportFailedError(
            f"{path} is UTF-8 text, which {encoding} would spoil (é becomes Ã©): "
            "leave encoding out of the mapping, or write encoding = 'utf-8'"
        )
    yield waiting + last, True, 1.0


def _decode(
    decoder: codecs.IncrementalDecoder,
    piece: bytes,
    *,
    is_last: bool,
    encoding: str,
    at: tuple[Path, int],
) -> bytes:
    try:
        return decoder.decode(piece, is_last).encode()
    except UnicodeDecodeError as error:
        path, line = at
        line += error.object.count(b"\n", 0, error.start)
        raise ImportFailedError(
            f"{path}, line {line}: byte 0x{error.object[error.start]:02x} is no "
            f"{encoding.removesuffix('-sig')}: set the mapping's encoding "
            "(many French exports are cp1252)"
        ) from error


class _Utf8Doubt:
    """Whether bytes that are said to be of another encoding are UTF-8: each of their
    letters beyond ASCII is, which doesn't come about by chance."""

    def __init__(self, encoding: str) -> None:
        is_other = not encoding.startswith(("utf", "ascii"))
        self._decoder = codecs.getincrementaldecoder("utf-8")() if is_other else None
        self._beyond_ascii = False

    def see(self, piece: bytes) -> None:
        if self._decoder is None:
            return
        try:
            read = self._decoder.decode(piece)
        except UnicodeDecodeError:
            self._decoder = None
        else:
            self._beyond_ascii |= not read.isascii()

    def is_utf_8(self) -> bool:
        return self._decoder is not None and self._beyond_ascii
