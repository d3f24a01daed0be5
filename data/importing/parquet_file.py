"""Reader of Parquet files: each value as its text; structs are named `outer.inner`."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pyarrow.parquet as pq

from data.importing.block import Block, block_of_fields
from data.importing.errors import ImportFailedError
from data.importing.json_lines import cell
from data.importing.source import opened

_ROWS_AT_ONCE = 50_000


def read_parquet_file(path: Path) -> Iterator[Block]:
    """Read a Parquet file; its rows are counted from 1. Null and NaN are empty cells.

    A time is written in ISO 8601, with its offset if the column has a time zone. Raises
    ImportFailedError if the file can't be read or is damaged.
    """
    read = 0
    with opened(path) as stored:
        try:
            file = pq.ParquetFile(stored)
            whole = file.metadata.num_rows
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                frame = _texts(pl.DataFrame(pa.Table.from_batches([batch])))
                lines = pl.int_range(read + 1, read + 1 + frame.height, eager=True)
                read += frame.height
                share = read / max(whole, 1)
                yield block_of_fields(frame, lines=lines, share_read=share)
        except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
            raise ImportFailedError(
                f"{path}, after row {read}: the Parquet file can't be read ({error}): "
                "it is damaged, or of a kind that Polars does not know; write it again"
            ) from error


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    while structs := cs.expand_selector(frame, cs.struct()):
        frame = frame.unnest(*structs, separator=".")
    return frame.select(map(_text, frame.iter_columns()))


def _text(column: pl.Series) -> pl.Series:
    match column.dtype:
        case pl.Datetime() | pl.Date() | pl.Time() | pl.Duration():
            text = column.dt.to_string("iso:strict")
        case pl.Float32() | pl.Float64():
            text = column.fill_nan(None).cast(pl.String)
        case pl.Binary():
            text = column.bin.encode("hex")
        case pl.List() | pl.Array():
            cells = [cell(value) for value in column.to_list()]
            text = pl.Series(column.name, cells, dtype=pl.String)
        case _:
            text = column.cast(pl.String)
    return text.fill_null("")
