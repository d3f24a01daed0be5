"""Import of a file all at once: every row is accepted, or rejected with its reason."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from data.importing.block import Record, Refused
from data.importing.json_lines import records
from data.importing.mapping import EventMapping, Mapping
from data.importing.parquet_file import read_parquet_file
from data.importing.rows import space_ties
from data.importing.source import Pieces
from features.event import EVENT_SCHEMA
from tests.data.old_importing.csv_file import read_csv
from tests.data.old_importing.event_rows import read_event_rows
from tests.data.old_importing.lead_rows import read_lead_rows
from tests.data.old_importing.sheet import Sheet, sheet_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The events, and what became of the rows."""

    events: pl.DataFrame
    accepted: int
    repeated: int
    tied: int
    refused: list[Refused]
    unit: str


def import_whole(source: Path, mapping: Mapping) -> Imported:
    """Import a file: by its name Parquet, JSON Lines, or CSV.

    Raises ImportFailedError if the source can't be read, lacks a column, or has no row.
    """
    sheet = read_sheet(source, mapping)
    rows = (
        read_event_rows(sheet, mapping)
        if isinstance(mapping, EventMapping)
        else read_lead_rows(sheet, mapping)
    )
    events = space_ties(rows.events, mapping.ranking())
    sources = pl.lit(mapping.source).alias("source")
    return Imported(
        events=events.with_columns(sources).select(EVENT_SCHEMA.names()),
        accepted=rows.accepted,
        repeated=rows.repeated,
        tied=int(events["moved"].sum()),
        refused=rows.refused,
        unit=sheet.unit,
    )


def read_sheet(source: Path, mapping: Mapping) -> Sheet:
    """The rows of a file, of the format that its name says; CSV if it says none."""
    match source.suffix:
        case ".parquet":
            blocks = read_parquet_file(source)
            rows = (
                Record(line, row)
                for block in blocks
                for line, row in zip(
                    block.lines, block.frame.iter_rows(named=True), strict=True
                )
            )
            return sheet_of(source, rows, unit="row")
        case ".jsonl":
            return sheet_of(source, records(source, Pieces(source)))
        case _:
            return read_csv(
                source, delimiter=mapping.delimiter, encoding=mapping.encoding
            )
