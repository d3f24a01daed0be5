"""Formats of files, by their names."""

from collections.abc import Iterator
from pathlib import Path

from data.importing.block import Block
from data.importing.csv_file import read_csv
from data.importing.errors import ImportFailedError
from data.importing.json_lines import read_json_lines
from data.importing.mapping import Mapping
from data.importing.parquet_file import read_parquet_file
from data.importing.source import is_workbook
from data.importing.workbook import read_workbook
from data.importing.xes import read_xes


def read_blocks(source: Path, mapping: Mapping) -> Iterator[Block]:
    """The rows of a file, of the format that its name says; CSV if it says none.

    Raises ImportFailedError if it can't be read as that format.
    """
    match _ending(source):
        case "parquet" | "pq":
            return read_parquet_file(source)
        case "jsonl" | "ndjson" | "json":
            return read_json_lines(source)
        case _ if is_workbook(source):
            return read_workbook(
                source, sheet=mapping.sheet, named=mapping.named_columns()
            )
        case "xes":
            if mapping.shape != "events":
                raise ImportFailedError(
                    f"{source}: an XES log holds events: map it with shape = 'events'"
                )
            return read_xes(source)
        case _:
            return read_csv(
                source,
                delimiter=mapping.delimiter,
                encoding=mapping.encoding,
                named=mapping.named_columns(),
            )


def unit_of(source: Path) -> str:
    """What is counted in a file of the format."""
    is_binary = _ending(source) in ("parquet", "pq") or is_workbook(source)
    return "row" if is_binary else "line"


def _ending(source: Path) -> str:
    return source.name.lower().removesuffix(".gz").rpartition(".")[2]
