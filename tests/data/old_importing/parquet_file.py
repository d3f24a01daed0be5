"""Reader of Parquet files: each value as its text; structs are named `outer.inner`."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pyarrow.parquet as pq

from data.importing.errors import ImportFailedError
from data.importing.source import opened
from tests.data.old_importing.json_lines import cell
from tests.data.old_importing.sheet import Record, Sheet, sheet_of

_ROWS_AT_ONCE = 50_000


def read_parquet_file(path: Path) -> Sheet:
    """Read a Parquet file; its rows are counted from 1. Null and NaN are empty cells.

    A time is written in ISO 8601, with its offset if the column has a time zone. Raises
    ImportFailedError if the file can't be read or is damaged, or holds no row.
    """
    records = (Record(number, row) for number, row in enumerate(_rows(path), start=1))
    return sheet_of(path, records, unit="row")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    read = 0
    with opened(path) as stored:
        try:
            for batch in pq.ParquetFile(stored).iter_batches(_ROWS_AT_ONCE):
                texts = _texts(pl.DataFrame(pa.Table.from_batches([batch])))
                yield from texts.iter_rows(named=True)
                read += texts.height
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
