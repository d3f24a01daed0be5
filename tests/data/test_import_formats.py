"""Parquet, JSON Lines and XES give the log that the same rows give as CSV."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow.parquet as pq
import pytest

from data.importing.counts import ImportCounts
from data.importing.errors import ImportFailedError
from data.importing.importer import import_file
from data.importing.mapping import load_mapping
from features.log import read_log
from tests.data.import_builders import (
    make_event_mapping,
    make_lead_mapping,
    rejected_reasons,
)

SHIPPED = Path(__file__).parents[2] / "data" / "mappings"
RECORDS: list[dict[str, Any]] = [
    {"lead": "L-1", "when": "2026-03-10T09:00:00", "what": "Visit", "amount": 12.5},
    {"lead": "L-1", "when": "2026-03-11T09:00:00+01:00", "what": "Call", "amount": 7},
    {"lead": "L-2", "when": "2026-03-12T09:00:00Z", "what": "Visit", "amount": None},
    {"lead": "L-2", "when": "yesterday", "what": "Visit", "amount": 1},
]
MAPPING = make_event_mapping(
    data={"amount": {"column": "amount", "type": "number"}},
    attributes={"size": {"column": "company.size", "type": "integer"}},
)
SIZE = {"company": {"size": 40}}


def write_csv(path: Path) -> None:
    lines = ["lead,when,what,amount,company.size"]
    lines += [
        ",".join(str("" if one is None else one) for one in (*record.values(), 40))
        for record in RECORDS
    ]
    path.write_text("\n".join(lines))


def write_json_lines(path: Path) -> None:
    lines = [orjson.dumps(record | SIZE) for record in RECORDS]
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + b"\n".join(lines)))


def write_parquet(path: Path) -> None:
    pl.DataFrame([record | SIZE for record in RECORDS], strict=False).write_parquet(
        path
    )


def write_xes(path: Path) -> None:
    events = "\n".join(
        f"<event>{_attribute('string', 'lead', record['lead'])}"
        f"{_attribute('date', 'when', record['when'])}"
        f"{_attribute('string', 'what', record['what'])}"
        f"{_attribute('float', 'amount', record['amount'])}"
        f"{_attribute('int', 'company.size', 40)}</event>"
        for record in RECORDS
    )
    path.write_text(f"<log>\n<trace>\n{events}\n</trace></log>")


def _attribute(kind: str, key: str, value: object) -> str:
    return "" if value is None else f'<{kind} key="{key}" value="{value}"/>'


Writer = Callable[[Path], None]
FORMATS: list[tuple[str, Writer, list[int]]] = [
    ("source.csv", write_csv, [5]),
    ("source.jsonl.gz", write_json_lines, [4]),
    ("source.parquet", write_parquet, [4]),
    ("source.XES", write_xes, [6]),
]


@pytest.mark.parametrize(
    ("name", "write", "rejected"), FORMATS, ids=lambda one: str(one)[:14]
)
def test_every_format_gives_the_same_events(
    tmp_path: Path, name: str, write: Writer, rejected: list[int]
) -> None:
    write(tmp_path / name)
    counts = import_file(tmp_path / name, MAPPING, tmp_path / "log", max_rejected=0.5)
    events = read_log(tmp_path / "log").events.sort("lead_id", "occurred_at")
    told = [
        (one["lead_id"], one["kind"], one["occurred_at"], orjson.loads(one["data"]))
        for one in events.to_dicts()
    ]
    morning = [datetime(2026, 3, day, 8, tzinfo=UTC) for day in (10, 11)]
    assert [(lead, kind, data) for lead, kind, _, data in told] == [
        ("L-1", "attributes_set", {"size": 40}),
        ("L-1", "page_viewed", {"amount": 12.5}),
        ("L-1", "call_made", {"amount": 7.0}),
        ("L-2", "attributes_set", {"size": 40}),
        ("L-2", "page_viewed", {}),
    ]
    assert [told[0][2], told[2][2]] == morning
    assert (counts.read, counts.accepted, counts.rejected) == (4, 3, 1)
    reasons = rejected_reasons(tmp_path / "log" / "rejected.csv")
    assert [line for line, _ in reasons] == rejected
    assert "column 'when': not a time" in reasons[0][1]


XES = """<?xml version="1.0" encoding="UTF-8"?>
<xes:log xmlns:xes="http://www.xes-standard.org/">
  <xes:extension name="Concept" prefix="concept" uri="http://x/"/>
  <xes:global scope="event"><xes:string key="concept:name" value="none"/></xes:global>
  <xes:trace>
    <xes:string key="concept:name" value="Dossier 1"/>
    <xes:int key="amount" value="5000"><xes:string key="unit" value="EUR"/></xes:int>
    <xes:event>
      <xes:string key="concept:name" value="Offre émise"/>
      <xes:date key="time:timestamp" value="2026-03-10T09:00:00.000+01:00"/>
      <xes:string key="org:resource" value="Nadia"/>
      <xes:list key="items"><xes:values><xes:int key="amount" value="1"/></xes:values>
      </xes:list>
    </xes:event>
    <xes:event>
      <xes:string key="concept:name" value="Offre émise"/>
      <xes:string key="concept:name" value="twice"/>
    </xes:event>
  </xes:trace>
</xes:log>
"""


def test_a_trace_gives_its_events_its_attributes(tmp_path: Path) -> None:
    source = tmp_path / "source.xes.gz"
    source.write_bytes(gzip.compress(XES.encode()))
    mapping = load_mapping(SHIPPED / "xes_example.toml")
    import_file(source, mapping, tmp_path / "log", max_rejected=0.5)
    attributes, offer = read_log(tmp_path / "log").events.sort("occurred_at").to_dicts()
    assert (offer["lead_id"], offer["kind"]) == ("Dossier 1", "offre_emise")
    assert offer["occurred_at"] > datetime(2026, 3, 10, 8, tzinfo=UTC)  # a tie, spaced
    assert orjson.loads(attributes["data"]) == {"amount": 5000.0}
    assert orjson.loads(offer["data"]) == {"employee": "Nadia"}
    assert rejected_reasons(tmp_path / "log" / "rejected.csv") == [
        (15, "the attribute 'concept:name' stands twice")
    ]


BILLION_LAUGHS = (
    '<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a "lol">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<log>&b;</log>'
)
OUTSIDE = '<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/hostname">]><log>&x;</log>'
GOOD = orjson.dumps(RECORDS[0])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "s.parquet",
            b"PAR1 no table PAR1",
            "s.parquet, after row 0: the Parquet file",
        ),
        ("s.parquet", b"", "is empty"),
        ("s.jsonl", b"\n \n", "s.jsonl holds no row"),
        ("s.jsonl", b"1\n" + b" " * (17 << 20), "s.jsonl, line 2: over 16 MiB"),
        ("s.jsonl.gz", GOOD, "is named .gz but is no gzip file"),
        (
            "s.jsonl.gz",
            gzip.compress(b"\n".join([GOOD] * 60_000))[:-9],
            "s.jsonl.gz, after line 57456: the gzip file is damaged",
        ),
        ("s.jsonl", b'{"lead": 1}', "columns.time names the column 'when', which is"),
        ("s.jsonl", b"12", "s.jsonl, line 1: no JSON object: it is no object"),
        ("s.jsonl", b"\n [" + GOOD + b"\n]", "an array: one object a line is expected"),
        ("s.jsonl", GOOD.decode().encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
        (
            "s.xes",
            BILLION_LAUGHS.encode(),
            "s.xes, line 2: a document type is declared",
        ),
        ("s.xes", OUTSIDE.encode(), "s.xes, line 1: a document type is declared"),
        ("s.xes", b"<log>\n<trace>\n</log>", "s.xes, line 3: broken XML (mismatched"),
        ("s.xes", b"<log>\n<trace>", "s.xes, line 2: broken XML (no element found"),
        ("s.xes", b"<log>&other;</log>", "s.xes, line 1: broken XML (undefined entity"),
        ("s.xes", b"<html/>", "s.xes, line 1: no XES log, its root is <html>"),
        ("s.xes", b"<log/>", "s.xes holds no row"),
        (
            "s.xes",
            b'<?xml version="1.0" encoding="x-none"?><log/>',
            "s.xes, line 1: broken XML",
        ),
        ("s.xes.gz", gzip.compress(XES.encode())[:-20], "the gzip file is damaged"),
    ],
    ids=lambda one: one[:40] if isinstance(one, str) else "",
)
def test_a_source_that_cannot_be_read_leaves_no_log(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportFailedError, match=re.escape(said)):
        import_file(tmp_path / name, make_event_mapping(), tmp_path / "out" / "log")
    assert not list((tmp_path / "out").glob("log/*"))
    assert not list((tmp_path / "out").glob(".*"))


def test_a_damaged_parquet_file_says_after_which_row(tmp_path: Path) -> None:
    source = tmp_path / "source.parquet"
    frame = pl.DataFrame({"lead": [f"L-{n}" for n in range(150_000)]})
    frame.write_parquet(source, row_group_size=50_000)
    column = pq.ParquetFile(source).metadata.row_group(1).column(0)
    stored = bytearray(source.read_bytes())
    begin = column.data_page_offset
    stored[begin : begin + 200] = b"\xff" * 200
    source.write_bytes(stored)
    with pytest.raises(ImportFailedError, match="after row 50000: the Parquet file"):
        import_file(source, make_event_mapping(), tmp_path / "log")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"lead": ', "unexpected end of data"),
        (b'"L-1"', "it is no object"),
        (b'{"a": {"b": 1}, "a.b": 2}', "the field 'a.b' stands twice"),
        (b'{"lead": 340282366920938463463374607431768211456}', "too many digits"),
        (b'{"lead": "\xff"}', "not valid UTF-8"),
        (b'{"a": ' + b"[" * 500 + b"]" * 500 + b"}", "limit"),
        (b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}", "limit"),
    ],
    ids=lambda one: one[:20].decode(errors="replace") if isinstance(one, bytes) else "",
)
def test_a_bad_line_costs_itself_alone(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    source = tmp_path / "source.jsonl"
    source.write_bytes(b"\n".join([GOOD, line, GOOD]))
    counts = import_file(
        source, make_event_mapping(), tmp_path / "log", max_rejected=0.5
    )
    assert (counts.read, counts.accepted, counts.repeated) == (3, 2, 0)
    ((at, why),) = rejected_reasons(tmp_path / "log" / "rejected.csv")
    assert (at, why.startswith("no JSON object: ")) == (2, True)
    assert reason.lower() in why.lower()


def test_times_of_parquet_keep_their_zone(tmp_path: Path) -> None:
    source = tmp_path / "source.parquet"
    local = pl.Series("when", [datetime(2026, 3, 10, 9)])  # noqa: DTZ001 - local time
    zoned = local.dt.replace_time_zone("America/New_York").cast(
        pl.Datetime("ns", "America/New_York")
    )
    frame = pl.DataFrame({"lead": ["L-1"], "what": ["Visit"], "seen": zoned}).hstack(
        [local]
    )
    frame.write_parquet(source)
    columns = {"lead_id": "lead", "time": "when", "kind": "what", "received_at": "seen"}
    import_file(source, make_event_mapping(columns=columns), tmp_path / "log")
    (event,) = read_log(tmp_path / "log").events.to_dicts()
    assert event["occurred_at"] == datetime(2026, 3, 10, 8, tzinfo=UTC)  # of Paris
    assert event["received_at"] == datetime(2026, 3, 10, 13, tzinfo=UTC)


def test_a_field_of_a_later_export_keeps_the_identity_of_older_rows(
    tmp_path: Path,
) -> None:
    ids = []
    for number, extra in enumerate([{}, {"note": "later"}]):
        source = tmp_path / f"{number}.jsonl"
        lines = [orjson.dumps(RECORDS[0]), orjson.dumps(RECORDS[1] | extra)]
        source.write_bytes(b"\n".join(lines))
        out = tmp_path / f"log-{number}"
        counts: ImportCounts = import_file(source, make_event_mapping(), out)
        assert counts.accepted == 2
        ids.append(read_log(out).events["event_id"].to_list())
    assert ids[0][0] == ids[1][0]
    assert ids[0][1] != ids[1][1]


def test_a_table_of_leads_comes_from_json_but_not_from_xes(tmp_path: Path) -> None:
    lead = {"lead": "L-1", "created": "2026-03-10", "status": None, "closed": None}
    (tmp_path / "s.jsonl").write_bytes(orjson.dumps(lead | {"sector": "btp"}))
    import_file(tmp_path / "s.jsonl", make_lead_mapping(), tmp_path / "log")
    assert read_log(tmp_path / "log").events["data"].to_list() == ['{"sector":"btp"}']
    (tmp_path / "s.xes").write_text(XES)
    with pytest.raises(ImportFailedError, match="shape = 'events'"):
        import_file(tmp_path / "s.xes", make_lead_mapping(), tmp_path / "other")
