"""Files as dirty as people's get the verdict, row by row, of the slow importer."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.importing import block, csv_file, importer
from features.errors import FreinError
from features.log import manifest, read_log
from tests.budgets import examples
from tests.data.import_builders import make_event_mapping, make_lead_mapping
from tests.data.old_importing.importer import import_whole

EVENT_HEADER = ["lead", "when", "what", "who", "amount", "id"]
LEAD_HEADER = ["lead", "created", "status", "closed", "sector", "amount"]
TIMES = [
    "2026-03-10T08:00:00Z",
    "2026-03-10 09:00:00",
    "2026-03-10T09:00:00.5+01:00",
    "2026-03-10",
    "2026-03-29T02:30",
    "2026-10-25 02:30:00",
    "20260310",
    "9999-12-31",
    "10/03/2026 09:00",
    "soon",
    "",
]
LEADS = ["L-1", " L-1 ", "L-2", "Cafe\u0301", "OPP/1", "..", "L\u200b1", "", "A\u00a0B"]
NUMBERS = [
    "1",
    "12.5",
    "1 234,5",
    "1\u202f234",
    "1e5",
    "NaN",
    "12 euros",
    "-0",
    "",
    "1.0",
]
TEXTS = ["", "a", 'say "hi"', "été\n", "\x1f", "\u2028x", "\\", "N/A", "tab\tx", "\x00"]
SEPARATORS = [",", ";", "\n", "\r\n", '"', '""', "a", "\r", "é"]


def cells(*choices: list[str]) -> st.SearchStrategy[list[str]]:
    return st.tuples(*(st.sampled_from(some) for some in choices)).map(list)


EVENTS = cells(
    LEADS, TIMES, ["Visit", "Call", "Fax", "Signed", ""], ["", "7", "112"], NUMBERS,
    ["e1", "e2", "e3", ""],
)  # fmt: skip
CLOSINGS = ["2026-04-01", "2026-04-01 10:00:00", "2099-01-01T00:00:00Z", "later"]
OUTCOMES = cells(
    LEADS, TIMES, ["Won", "Lost", "Working", "Dead", ""], CLOSINGS, TEXTS, NUMBERS
)

FIELDS: dict[str, Any] = {
    "amount": {"column": "amount", "type": "number"},
    "note": {"column": "amount", "unknown": ["N/A", "1"]},
}
EVENT_MAPPINGS: list[dict[str, Any]] = [
    {"data": FIELDS},
    {"decimal": ",", "attributes": FIELDS, "order": ["call_made"]},
    {
        "columns": {
            "lead_id": "lead",
            "time": "when",
            "kind": "what",
            "event_id": "id",
        },
        "attributes": {"who": {"column": "who", "type": "integer"}},
        "actor": {"column": "who", "values": {"112": "automation"}},
    },
    {
        "columns": {"lead_id": "lead", "time": "when", "kind": ["what", "who"]},
        "other_kinds": "keep",
        "data": {"who": {"column": "who", "type": "boolean"}},
    },
]
LEAD_MAPPINGS: list[dict[str, Any]] = [
    {"attributes": {"sector": {"column": "sector"}}, "data": FIELDS},
    {
        "attributes": {"sector": {"column": "sector"}, "n": FIELDS["amount"]},
        "actor": {"kinds": {"attributes_set": "lead"}},
        "decimal": ",",
    },
]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "_BLOCK_BYTES", 64)
    monkeypatch.setattr(block, "_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(manifest, "EVENTS_IN_BUCKET", 3)


def write(
    path: Path, header: list[str], rows: list[list[str]], dirt: list[str]
) -> None:
    match path.suffix:
        case ".csv":
            with path.open("w", newline="") as file:
                table = csv.writer(file, lineterminator="\n")
                table.writerow(header)
                for row, broken in zip(rows, dirt, strict=True):
                    table.writerow(row)
                    file.write(broken)
        case ".jsonl":
            lines = (json.dumps(dict(zip(header, row, strict=True))) for row in rows)
            pairs = zip(lines, dirt, strict=True)
            path.write_text(
                "\n".join(line + "\n" * bool(bad) + bad for line, bad in pairs)
            )
        case _:
            pl.DataFrame(rows, schema=header, orient="row").write_parquet(path)


def verdict(source: Path, mapping: Any, out: Path) -> Any:
    """The counts, the rejected rows, and the events; or why there are none."""
    beside = out.with_name(f"{out.name}.{importer.REJECTED_FILE}")
    try:
        counts = importer.import_file(source, mapping, out, max_rejected=1.0)
    except FreinError as error:
        return rejected_in(beside) if beside.exists() else str(error)
    events = read_log(out).events
    told = counts.accepted, counts.rejected, counts.repeated, counts.tied
    return told, rejected_in(out / importer.REJECTED_FILE), in_order(events)


def slow_verdict(source: Path, mapping: Any) -> Any:
    try:
        slow = import_whole(source, mapping)
    except FreinError as error:
        return str(error)
    rejected = [
        [slow.unit, "reason", "text"],
        *([str(row.line), row.reason, row.text] for row in slow.refused),
    ]
    if not slow.accepted:
        return rejected
    told = slow.accepted, len(slow.refused), slow.repeated, slow.tied
    return told, rejected, in_order(slow.events)


def rejected_in(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)]


def in_order(events: pl.DataFrame) -> list[dict[str, Any]]:
    return events.sort(pl.all()).to_dicts()


DIRT = st.lists(st.sampled_from(SEPARATORS), max_size=8).map("".join)


@settings(
    max_examples=examples(100),
    phases=[Phase.generate],
    report_multiple_bugs=False,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_each_row_gets_the_slow_importers_verdict(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("verdict")
    is_events = data.draw(st.booleans())
    header = EVENT_HEADER if is_events else LEAD_HEADER
    rows = data.draw(
        st.lists(EVENTS if is_events else OUTCOMES, min_size=1, max_size=12)
    )
    rows += data.draw(st.lists(st.sampled_from(rows), max_size=4))  # said again
    dirty = data.draw(st.lists(DIRT, min_size=len(rows), max_size=len(rows)))
    given_ = data.draw(st.sampled_from(EVENT_MAPPINGS if is_events else LEAD_MAPPINGS))
    mapping = (make_event_mapping if is_events else make_lead_mapping)(**given_)
    ending = data.draw(st.sampled_from([".csv", ".csv", ".jsonl", ".parquet"]))
    source = folder / f"source{ending}"
    write(source, header, rows, dirty)
    assert verdict(source, mapping, folder / "log") == slow_verdict(source, mapping)
