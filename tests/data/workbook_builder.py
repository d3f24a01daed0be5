"""A workbook as small as Excel reads it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from zipfile import ZipFile

Cell = str | float | bool | tuple[str, float] | None
_NS = "http://schemas.openxmlformats.org"
_MAIN = f'xmlns="{_NS}/spreadsheetml/2006/main"'
_OFFICE = f"{_NS}/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = f'<Relationships xmlns="{_NS}/package/2006/relationships">'


def write_workbook(path: Path, rows: Iterable[tuple[int, Sequence[Cell]]]) -> None:
    """Write rows, each with its number; a date is ("date", days since 1899-12-30)."""
    sheet = "".join(f'<row r="{row}">{_cells(row, cells)}</row>' for row, cells in rows)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_NS}/package/2006/content-types">'
        '<Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        f'"{_TYPE}.worksheet+xml"/><Override PartName="/xl/styles.xml" '
        f'ContentType="{_TYPE}.styles+xml"/></Types>',
        "_rels/.rels": f'{_RELATIONS}<Relationship Id="a" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Export" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_RELATIONS}<Relationship Id="a" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="b" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet {_MAIN}><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}><sheetData>{sheet}"
        "</sheetData></worksheet>",
    }
    with ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def _cells(row: int, cells: Sequence[Cell]) -> str:
    pairs = ((f"{chr(65 + place)}{row}", cell) for place, cell in enumerate(cells))
    return "".join(_cell(at, cell) for at, cell in pairs if cell is not None)


def _cell(at: str, cell: Cell) -> str:
    match cell:
        case str():
            return f'<c r="{at}" t="inlineStr"><is><t>{cell}</t></is></c>'
        case bool():
            return f'<c r="{at}" t="b"><v>{int(cell)}</v></c>'
        case (_, days):
            return f'<c r="{at}" s="1"><v>{days}</v></c>'
        case _:
            return f'<c r="{at}"><v>{cell}</v></c>'
