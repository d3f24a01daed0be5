"""Sources that can't be imported, broken lines, and nothing half-written."""

import csv
import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.importing.counts import ImportCounts
from data.importing.csv_file import read_csv
from data.importing.errors import ImportFailedError
from data.importing.importer import import_file
from features.errors import LogError
from features.log import log_digest
from tests.data.import_builders import (
    HEADER,
    SOUND_ROW,
    import_rows,
    make_event_mapping,
    rejected_reasons,
    write_csv,
)
from tests.little_room import little_room

CSV = f"{HEADER}\n{SOUND_ROW}\n".encode()
BAD_ROW = "L-1,yesterday,Visit,,"
AS_WRITTEN: Any = {
    "delimiter": ",",
    "encoding": "utf-8",
    "named": [("columns.lead_id", "lead"), ("data.amount", "amount")],
}


def test_a_gzipped_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(gzip.compress(CSV))
    counts = import_file(source, make_event_mapping(), tmp_path / "log")
    assert counts.accepted == 1


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(b"\xef\xbb\xbf" + CSV)
    counts = import_file(source, make_event_mapping(), tmp_path / "log")
    assert counts.accepted == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_as_advised(tmp_path: Path, encoding: str) -> None:
    source = tmp_path / "source.csv"
    source.write_bytes(f"\ufeff{CSV.decode()}".encode(encoding))
    mapping = make_event_mapping(encoding="utf-16")
    assert import_file(source, mapping, tmp_path / "log").accepted == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.csv", None, "can't be read (No such file or directory)"),
        ("source.csv", b"", "is empty"),
        ("source.csv", b"\n\n", "no header can be read"),
        ("source.csv", b'"lead\nwhen', "no header can be read"),
        ("source.csv", HEADER.encode(), "holds a header and no row"),
        ("source.csv.gz", CSV, "is no gzip file"),
        (
            "source.csv.gz",
            gzip.compress(CSV, mtime=0)[:-9],
            "the gzip file is damaged",
        ),
        ("source.csv.gz", b"\x1f\x8b nonsense", "the gzip file is damaged"),
        ("source.csv", b"PK\x03\x04 workbook", "name it .xlsx"),
        (
            "source.csv",
            CSV.decode().encode("utf-16"),
            "is UTF-16 text: write encoding = 'utf-16' in the mapping",
        ),
        ("source.csv", CSV + b"L-\xe9", "line 3: byte 0xe9 is no utf-8"),
        (
            "source.csv",
            CSV.replace(b",", b";"),
            "columns.lead_id names the column 'lead', which is not in the header; "
            "with delimiter ',' it holds lead;when;what;who;amount",
        ),
        (
            "source.csv",
            CSV.replace(b"who", b"what"),
            "columns.kind names the column 'what', which the header holds 2 times",
        ),
    ],
    ids=lambda one: one[:40] if isinstance(one, str) else "",
)
def test_a_source_that_cannot_be_read_leaves_nothing(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    source = tmp_path / name
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(ImportFailedError, match=re.escape(said)):
        import_file(source, make_event_mapping(), tmp_path / "out" / "log")
    assert not list((tmp_path / "out").iterdir())


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    source = write_csv(tmp_path, *(SOUND_ROW.replace("7", str(n)) for n in range(9999)))
    with little_room(tmp_path / "disk", 1 << 15) as disk:
        with pytest.raises(LogError, match=r"No space left|too large"):
            import_file(source, make_event_mapping(), disk / "log")
        assert not list(disk.iterdir())


def test_a_folder_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match="Is a directory"):
        import_file(tmp_path, make_event_mapping(), tmp_path / "log")


def test_a_log_is_never_overwritten(tmp_path: Path) -> None:
    import_rows(tmp_path, SOUND_ROW)
    before = log_digest(tmp_path / "log")
    with pytest.raises(LogError, match="already exists"):
        import_rows(tmp_path, SOUND_ROW, SOUND_ROW)
    assert log_digest(tmp_path / "log") == before


@pytest.mark.parametrize(
    ("bad", "is_imported"), [(1, True), (2, False)], ids=["at-5-%", "past-5-%"]
)
def test_too_many_rejected_rows_write_no_log(
    tmp_path: Path, bad: int, *, is_imported: bool
) -> None:
    source = write_csv(tmp_path, *[BAD_ROW] * bad, *[SOUND_ROW] * (20 - bad))
    out = tmp_path / "logs" / "log"
    if is_imported:
        counts = import_file(source, make_event_mapping(), out)
        assert (counts.accepted, counts.rejected) == (19, 1)
        return
    with pytest.raises(ImportFailedError, match="2 of 20 rows rejected") as caught:
        import_file(source, make_event_mapping(), out)
    beside = tmp_path / "logs" / "log.rejected.csv"
    assert list(out.parent.iterdir()) == [beside]
    assert [line for line, _ in rejected_reasons(beside)] == [2, 3]
    assert str(beside) in str(caught.value)
    assert f"(line 2: {BAD_ROW})" in str(caught.value)


def test_the_three_commonest_reasons_are_told(tmp_path: Path) -> None:
    rows = ["a,b", *[BAD_ROW] * 3, *["a,b,c"] * 2, *["a"] * 4]
    source = write_csv(tmp_path, *rows)
    with pytest.raises(ImportFailedError) as caught:
        import_file(source, make_event_mapping(), tmp_path / "log")
    counts = re.findall(r"^  (\d+) times (.{8})", str(caught.value), re.MULTILINE)
    assert counts == [("4", "1 fields"), ("3", "column '"), ("2", "3 fields")]


def test_no_sound_row_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match="1 of 1 rows rejected"):
        import_rows(tmp_path, BAD_ROW, max_rejected=1.0)


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_max_rejected_is_a_share(tmp_path: Path, share: float) -> None:
    with pytest.raises(ImportFailedError, match="between 0 and 1"):
        import_rows(tmp_path, SOUND_ROW, max_rejected=share)


class TestBrokenLines:
    def read(self, folder: Path, *rows: str) -> tuple[list[int], list[int]]:
        """Lines of the rows read, and of those refused."""
        source = write_csv(folder, *rows)
        (block,) = read_csv(source, **AS_WRITTEN)
        return [*block.lines], sorted(one.line for one in block.refused)

    def test_a_field_may_span_lines(self, tmp_path: Path) -> None:
        read = self.read(tmp_path, 'a,b,"c\nd\n\ne",f,g', SOUND_ROW)
        assert read == ([2, 6], [])

    def test_blank_lines_are_no_rows(self, tmp_path: Path) -> None:
        assert self.read(tmp_path, "", SOUND_ROW, "", "") == ([3], [])

    @pytest.mark.parametrize(
        "broken",
        ['a,"b,c,d,e', 'a,b,"c"d,e,f', "a,b", 'a,b,c,d,"e'],
        ids=["open-quote", "stray-quote", "short", "open-last-quote"],
    )
    def test_a_broken_line_costs_itself_alone(
        self, tmp_path: Path, broken: str
    ) -> None:
        rows = [SOUND_ROW, broken, *[SOUND_ROW] * 3]
        assert self.read(tmp_path, *rows) == ([2, 4, 5, 6], [3])

    def test_an_open_quote_does_not_swallow_a_long_file(self, tmp_path: Path) -> None:
        rows = ['a,"b,c,d,e', *[SOUND_ROW] * 5000]
        lines, refused = self.read(tmp_path, *rows)
        assert (len(lines), refused) == (5000, [2])

    @pytest.mark.parametrize("quote", ["", '"'])
    def test_a_long_field_is_read(self, tmp_path: Path, quote: str) -> None:
        field = quote + "e" * 2_000_000 + quote
        read = self.read(tmp_path, f"a,b,c,d,{field}", SOUND_ROW)
        assert read == ([2, 3], [])

    @pytest.mark.parametrize("end", ["\r\n", "\r"], ids=["windows", "old-mac"])
    def test_line_ends_of_other_systems_are_read(
        self, tmp_path: Path, end: str
    ) -> None:
        source = tmp_path / "source.csv"
        source.write_bytes(end.join([HEADER, SOUND_ROW, "a,b", SOUND_ROW]).encode())
        (block,) = read_csv(source, **AS_WRITTEN)
        assert ([*block.lines], block.refused[0].line) == ([2, 4], 3)
        assert block.frame["amount"].to_list() == ["100", "100"]

    def test_a_separator_inside_text_ends_no_line(self, tmp_path: Path) -> None:
        read = self.read(tmp_path, "a,b\u2028c,d\x85,e\x0c,f", SOUND_ROW)
        assert read == ([2, 3], [])


def test_every_row_is_accepted_or_rejected(tmp_path: Path) -> None:
    rows = [SOUND_ROW, BAD_ROW, 'x,"y', "", "a,b", SOUND_ROW, 'a,b,c,"d\ne",f', ",,,,"]
    counts, _ = import_rows(tmp_path, *rows)
    assert counts.read == 7
    assert counts.accepted + counts.rejected == counts.read
    rejected = rejected_reasons(tmp_path / "log" / "rejected.csv")
    assert len(rejected) == counts.rejected == 5


def test_progress_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    source = write_csv(tmp_path, SOUND_ROW)
    tell: Callable[[str], None] = said.append
    counts = import_file(source, make_event_mapping(), tmp_path / "log", progress=tell)
    assert isinstance(counts, ImportCounts)
    assert said[1:] == ["1 rows read", "1 events written"]


@pytest.mark.parametrize("delimiter", ["\t", " ", "|", "^", "-", "]", "\\", "a", "é"])
def test_any_sign_may_part_fields(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "source.csv"
    rows = [("L", f"x{delimiter}y", 'q"z'), ("", "b ", "c"), ("k\nl", "m", "n")]
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([("1", "2", "3"), *rows])
    named = [("x", "1"), ("y", "2"), ("z", "3")]
    (block,) = read_csv(path, delimiter=delimiter, encoding="utf-8-sig", named=named)
    assert block.frame.rows() == rows
