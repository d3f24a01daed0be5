"""Reader of workbooks, as Excel and LibreOffice save them: a sheet, as a table."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from data.importing.block import BETWEEN_CELLS, Block
from data.importing.errors import ImportFailedError
from data.importing.header import LINES_SEARCHED, Header, header_in
from data.importing.source import opened

_ROWS_AT_ONCE = 50_000


def read_workbook(
    path: Path, *, sheet: str | None, named: Sequence[tuple[str, str]]
) -> Iterator[Block]:
    """Read a sheet, the first if none is named; its rows are counted as Excel does.

    A cell is its text: a date in ISO 8601, a number with a point. Raises
    ImportFailedError if the file can't be read, or has no header with the columns that
    are named. A sheet has a million rows at most, which are held in memory.
    """
    rows = _texts(path, sheet)
    searched = rows.head(LINES_SEARCHED).iter_rows()
    header = header_in(
        ((line, line, row) for line, row in enumerate(searched, start=1) if any(row)),
        named,
        path,
    )
    below = rows.slice(header.ends_on).with_row_index("line", header.ends_on + 1)
    is_blank = pl.all_horizontal(pl.exclude("line") == "")
    table = below.with_columns(pl.col("line").cast(pl.Int64)).filter(~is_blank)
    for some in table.iter_slices(_ROWS_AT_ONCE):
        yield _block(some, header, named, share_read=some["line"][-1] / rows.height)


def _block(
    rows: pl.DataFrame,
    header: Header,
    named: Sequence[tuple[str, str]],
    share_read: float,
) -> Block:
    cells = rows.drop("line")
    places = header.places(named)
    return Block(
        frame=pl.DataFrame(
            [cells.to_series(place).alias(name) for name, place in places.items()]
        ),
        lines=rows["line"],
        contents=cells.select(
            pl.concat_str(pl.all(), separator=BETWEEN_CELLS)
        ).to_series(),
        text_of=lambda row: ",".join(cells.row(row)),
        share_read=share_read,
    )


def _texts(path: Path, sheet: str | None) -> pl.DataFrame:
    """All cells as text, from the sheet's first row on."""
    import fastexcel

    with opened(path):
        pass
    try:
        book = fastexcel.read_excel(path)
        # rows are skipped as asked: none, so that they keep their numbers
        cells = book.load_sheet(
            sheet or 0, header_row=None, skip_rows=0, dtypes="string"
        )
        return pl.DataFrame(cells.to_arrow()).fill_null("")
    except fastexcel.FastExcelError as error:
        said = str(error).partition("\n")[0]
        raise ImportFailedError(
            f"{path}: the workbook can't be read ({said}): save it as .xlsx again, "
            "without a password"
        ) from error
