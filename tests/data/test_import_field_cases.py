"""Files as people have them: amounts, dates that lack, titles, workbooks, encodings."""

import json
from pathlib import Path
from typing import Any

import pytest

from data.importing.counts import ImportCounts
from data.importing.errors import ImportFailedError
from data.importing.importer import import_file
from features.log import UNDATED_KIND, read_log
from tests.data.import_builders import (
    HEADER,
    SOUND_ROW,
    import_rows,
    make_event_mapping,
    make_lead_mapping,
    write_csv,
)
from tests.data.workbook_builder import write_workbook
from training.dataset.moments import labelled_moments, weekly_plan

LEADS = "lead,created,status,closed,changed"
AMOUNT: dict[str, Any] = {
    "column": "amount",
    "type": "number",
    "decimal": ",",
    "thousands": [".", "'"],
    "currency": ["€", "$", "EUR"],
    "unreadable": "unknown",
}


@pytest.mark.parametrize(
    ("written", "decimal", "value"),
    [
        ("1 234,56 €", ",", 1234.56),
        ("1\u202f234,56\u00a0€", ",", 1234.56),
        ("€ 1.234,56", ",", 1234.56),
        ("EUR 12", ",", 12.0),
        ("1'234,50", ",", 1234.5),
        ("45 000", ",", 45000.0),
        ("(1 200,00)", ",", -1200.0),
        ("-1 200", ",", -1200.0),
        ("\u22121 200,5", ",", -1200.5),
        ("1 200-", ",", -1200.0),
        (",75", ",", 0.75),
        ("$40,000", ".", None),
        ("$40,000", ",", None),
        ("1.234 567", ",", None),
        ("12.50", ",", None),
        ("1.2345", ",", None),
        ("1 23", ",", None),
        ("-", ",", None),
        ("about 12", ",", None),
    ],
)
def test_an_amount_is_read_or_unknown_and_never_too_large(
    tmp_path: Path, written: str, decimal: str, value: float | None
) -> None:
    field = AMOUNT | {"decimal": decimal}
    if decimal == ".":
        field["thousands"] = ["'"]
    counts, (event,) = import_rows(
        tmp_path,
        f'L-1,2026-03-10,Visit,,"{written}"',
        mapping=make_event_mapping(data={"amount": field}),
    )
    assert event["data"] == ({} if value is None else {"amount": value})
    assert counts.unread == ({} if value is not None else {"amount": 1})
    assert ("can't be read: unknown" in str(counts)) is (value is None)


def test_dollars_are_read_where_their_signs_are_declared(tmp_path: Path) -> None:
    field = AMOUNT | {"decimal": ".", "thousands": [","]}
    _, (event,) = import_rows(
        tmp_path,
        'L-1,2026-03-10,Visit,,"$40,000.5"',
        mapping=make_event_mapping(data={"amount": field}),
    )
    assert event["data"] == {"amount": 40000.5}


def closed(
    folder: Path, row: str, outcome_time: object
) -> tuple[str, int, ImportCounts]:
    """Kind, days since its creation, and counts of a lead created on 5 January."""
    columns: dict[str, object] = {
        "lead_id": "lead", "time": "created", "outcome": "status"
    }  # fmt: skip
    if outcome_time is not None:
        columns["outcome_time"] = outcome_time
    mapping = make_lead_mapping(columns=columns, attributes={})
    counts, (created, end) = import_rows(folder, row, header=LEADS, mapping=mapping)
    return end["kind"], (end["occurred_at"] - created["occurred_at"]).days, counts


@pytest.mark.parametrize(
    ("row", "outcome_time", "kind", "days"),
    [
        ("L-1,2026-01-05,Won,2026-02-04,2026-03-06", ["closed", "changed"], "won", 30),
        ("L-1,2026-01-05,Won,,2026-03-06", ["closed", "changed"], "won", 60),
        (
            "L-1,2026-01-05,Lost,2025-01-01,2026-03-06",
            ["closed", "changed"],
            "lost",
            60,
        ),
        ("L-1,2026-01-05,Won,,", ["closed", {"days": 45}], "won", 45),
        ("L-1,2026-01-05,Won,,", {"days": 45}, "won", 45),
        ("L-1,2026-01-05,Won,,", "closed", UNDATED_KIND, 0),
        ("L-1,2026-01-05,Won,2025-12-01,", "closed", UNDATED_KIND, 0),
        ("L-1,2026-01-05,Won,,", None, UNDATED_KIND, 0),
    ],
)
def test_an_outcome_has_the_first_date_that_can_be(
    tmp_path: Path, row: str, outcome_time: object, kind: str, days: int
) -> None:
    found, after, counts = closed(tmp_path, row, outcome_time)
    assert (found, after) == (kind, days)
    is_undated = kind == UNDATED_KIND
    assert (counts.accepted, counts.undated) == (1, int(is_undated))
    assert ("outcomes of unknown time" in str(counts)) is is_undated


def test_no_training_learns_from_an_outcome_of_unknown_time(tmp_path: Path) -> None:
    rows = [f"L-{n},2026-01-0{n},{end},{day}," for n, (end, day) in enumerate(
        [("Won", "2026-02-01"), ("Lost", "2026-08-01"), ("Won", "")], start=1
    )]  # fmt: skip
    mapping = make_lead_mapping(attributes={})
    import_rows(tmp_path, *rows, header=LEADS, mapping=mapping)
    moments = labelled_moments(
        read_log(tmp_path / "log"), weekly_plan(), horizon_days=30
    )
    assert set(moments.frame["lead_id"]) == {"L-1", "L-2"}


@pytest.mark.parametrize(
    "above",
    [
        "sep=;\r\n",
        '"sep=;"\n',
        "\ufeffsep=;\n",
        "sep=;\nExport des visites\n\nle 2 mars\n",
    ],
)
def test_excels_separator_line_names_the_delimiter(tmp_path: Path, above: str) -> None:
    source = tmp_path / "source.csv"
    rows = f"{HEADER}\n{SOUND_ROW}\nL-1,soon,Visit,,\n".replace(",", ";")
    source.write_text(above + rows)
    out = tmp_path / "log"
    counts = import_file(source, make_event_mapping(), out, max_rejected=0.5)
    assert (counts.accepted, counts.rejected) == (1, 1)
    line = above.count("\n") + 3
    assert f"\n{line},column 'when'" in (out / "rejected.csv").read_text()


def test_titles_stand_above_the_header_and_totals_are_rejected(tmp_path: Path) -> None:
    rows = [SOUND_ROW] * 30
    source = write_csv(
        tmp_path, *rows, "Total,,,,3000", header=f'"Export\n,\n\n{HEADER}'
    )
    counts = import_file(source, make_event_mapping(), tmp_path / "log")
    assert (counts.accepted, counts.rejected) == (30, 1)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman"])
def test_utf_8_is_not_read_as_another_encoding(tmp_path: Path, encoding: str) -> None:
    source = write_csv(tmp_path, SOUND_ROW.replace("7", "Santé"))
    with pytest.raises(ImportFailedError, match="is UTF-8 text, which"):
        import_file(source, make_event_mapping(encoding=encoding), tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_nan_is_an_empty_cell_and_infinity_no_number(tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    amounts = [float("nan"), 1.5, float("inf")]
    row = {"lead": "L-1", "when": "2026-03-10", "what": "Visit"}
    source.write_text("\n".join(json.dumps(row | {"amount": n}) for n in amounts))
    mapping = make_event_mapping(data={"n": {"column": "amount", "type": "number"}})
    counts = import_file(source, mapping, tmp_path / "log", max_rejected=0.5)
    assert (counts.accepted, counts.rejected) == (2, 1)
    held = read_log(tmp_path / "log").events.sort("occurred_at")["data"].to_list()
    assert held == ["{}", '{"n":1.5}']


@pytest.mark.parametrize("offset", ["+0100", "+01:00"])
def test_an_offset_is_honoured(tmp_path: Path, offset: str) -> None:
    mapping = make_event_mapping(
        time_format="%d/%m/%Y %H:%M %z", time_zone="Asia/Tokyo"
    )
    row = f"L-1,10/03/2026 09:00 {offset},Visit,,"
    _, (event,) = import_rows(tmp_path, row, mapping=mapping)
    assert event["occurred_at"].isoformat() == "2026-03-10T08:00:00+00:00"


def test_kinds_may_stand_as_they_are(tmp_path: Path) -> None:
    mapping = make_event_mapping(kinds={}, other_kinds="as_written")
    rows = [f"L-1,2026-03-10,{kind},," for kind in ("page_viewed", "won", "Visit")]
    counts, events = import_rows(tmp_path, *rows, mapping=mapping)
    assert [event["kind"] for event in events] == ["won", "page_viewed"]
    assert counts.rejected == 1


def test_a_workbook_is_read(tmp_path: Path) -> None:
    source = tmp_path / "source.xlsx"
    write_workbook(
        source,
        [
            (1, ["Export"]),
            (3, HEADER.split(",")),
            (4, ["L-1", ("date", 46091.375), "Visit", 7, 12.5]),
            (5, [2, "2026-03-10", "Visit", True, None]),
            (6, [3, "soon", "Visit", None, 1]),
        ],
    )
    mapping = make_event_mapping(data={"n": {"column": "amount", "type": "number"}})
    out = tmp_path / "log"
    counts = import_file(source, mapping, out, max_rejected=0.5)
    events = read_log(out).events.sort("lead_id")
    assert events["lead_id"].to_list() == ["2", "L-1"]
    assert events["occurred_at"][1].isoformat() == "2026-03-10T08:00:00+00:00"
    assert events["data"].to_list() == ["{}", '{"n":12.5}']
    assert counts.rejected == 1
    rejected = (out / "rejected.csv").read_text()
    assert rejected.startswith("row,reason,text\n6,column 'when': not a time")


def test_a_damaged_workbook_is_told(tmp_path: Path) -> None:
    source = tmp_path / "source.xlsx"
    source.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ImportFailedError, match="the workbook can't be read"):
        import_file(source, make_event_mapping(), tmp_path / "log")
