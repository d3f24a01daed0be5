"""Import of a file as a log: every row is accepted, or rejected with its reason."""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import polars as pl

from data.importing.counts import ImportCounts
from data.importing.errors import ImportFailedError
from data.importing.mapping import EventMapping, Mapping
from features.log import LogAbout, new_log_folder, write_about, write_events
from tests.data.old_importing.csv_file import read_csv
from tests.data.old_importing.event_rows import read_event_rows
from tests.data.old_importing.json_lines import read_json_lines
from tests.data.old_importing.lead_rows import read_lead_rows
from tests.data.old_importing.parquet_file import read_parquet_file
from tests.data.old_importing.rows import Rows, space_ties
from tests.data.old_importing.sheet import Refused, Sheet

REJECTED_FILE = "rejected.csv"
MAX_REJECTED = 0.05  # share of the rows read: the issue "Import"

Progress = Callable[[str], None]


def import_file(
    source: Path,
    mapping: Mapping,
    out: Path,
    *,
    max_rejected: float = MAX_REJECTED,
    progress: Progress | None = None,
) -> ImportCounts:
    """Import a file as the log `out`: by its name Parquet, JSON Lines, XES, or CSV.

    The log appears whole, with its rejected rows in `rejected.csv`, or not at all.
    Events of a lead that share a time are put 1 µs apart in the mapping's order, so
    that "before" has one meaning for whoever reads the log.

    Raises
    ------
    ImportFailedError
        If the source can't be read, lacks a column, has no sound row, or more than
        `max_rejected` of its rows are rejected: these then stand beside `out`, in
        `<out>.rejected.csv`.
    LogError
        If `out` already holds something, or cannot be written.
    """
    if not 0 <= max_rejected <= 1:
        raise ImportFailedError(
            f"max-rejected is {max_rejected}: give a share between 0 and 1"
        )
    say = progress or (lambda _: None)
    with new_log_folder(out) as draft:
        say(f"reading {source}")
        sheet = read_sheet(source, mapping)
        read = len(sheet.rows) + len(sheet.refused)
        say(f"mapping {read:,} rows")
        rows = (
            read_event_rows(sheet, mapping)
            if isinstance(mapping, EventMapping)
            else read_lead_rows(sheet, mapping)
        )
        assert rows.accepted + len(rows.refused) == read, "a row was lost"
        _refuse_too_many(rows, sheet, out, max_rejected)
        events = space_ties(rows.events, mapping.ranking())
        counts = _counts(rows, events)
        say(f"writing {counts.events:,} events to {out}")
        write_events(draft, [events], n_events=events.height)
        write_about(draft, _about(sheet, mapping, counts))
        _write_rejected(draft / REJECTED_FILE, rows.refused, sheet.unit)
    return counts


def read_sheet(source: Path, mapping: Mapping) -> Sheet:
    """The rows of a file, of the format that its name says; CSV if it says none.

    Raises ImportFailedError if it can't be read as that format, or holds no row.
    """
    name = source.name.lower().removesuffix(".gz")
    match name.rpartition(".")[2]:
        case "parquet" | "pq":
            return read_parquet_file(source)
        case "jsonl" | "ndjson" | "json":
            return read_json_lines(source)
        case _:
            return read_csv(
                source, delimiter=mapping.delimiter, encoding=mapping.encoding
            )


def _refuse_too_many(rows: Rows, sheet: Sheet, out: Path, limit: float) -> None:
    rejected = len(rows.refused)
    read = rows.accepted + rejected
    if rows.accepted and rejected <= limit * read:
        return
    beside = out.with_name(f"{out.name}.{REJECTED_FILE}")
    _write_rejected(beside, rows.refused, sheet.unit)
    raise ImportFailedError(
        f"{sheet.path}: {rejected:,} of {read:,} rows rejected ({rejected / read:.1%}, "
        f"at most {limit:.1%} allowed); no log was written.\n"
        f"{_commonest(rows.refused, sheet.unit)}\n"
        f"All of them stand in {beside}: correct the mapping or the file, "
        "or allow more with --max-rejected"
    )


def _commonest(refused: list[Refused], unit: str) -> str:
    """The three commonest reasons, each with its first row."""
    first = {row.reason: row for row in reversed(refused)}
    return "\n".join(
        f"  {count:,} times {reason} ({unit} {first[reason].line}: "
        f"{first[reason].text[:100]})"
        for reason, count in _reasons(refused).items()
    )


def _reasons(refused: list[Refused]) -> dict[str, int]:
    return dict(Counter(row.reason for row in refused).most_common(3))


def _counts(rows: Rows, events: pl.DataFrame) -> ImportCounts:
    return ImportCounts(
        read=rows.accepted + len(rows.refused),
        accepted=rows.accepted,
        rejected=len(rows.refused),
        repeated=rows.repeated,
        leads=events["lead_id"].n_unique(),
        events=events.height,
        tied=int(events["moved"].sum()),
        reasons=_reasons(rows.refused),
    )


def _about(sheet: Sheet, mapping: Mapping, counts: ImportCounts) -> LogAbout:
    recorded = isinstance(mapping, EventMapping) and mapping.columns.received_at
    return LogAbout(
        name=mapping.name,
        received_at="recorded" if recorded else "assumed",
        won_kinds=mapping.won_kinds,
        lost_kinds=mapping.lost_kinds,
        provenance={
            "file": sheet.path.name,
            "sha256": sheet.sha256,
            "rows": asdict(counts),
            "ties": "events of a lead that shared a time stand 1 µs apart, "
            f"in the order of tie_order, then by {sheet.unit}",
            "tie_order": list(mapping.ranking()),
            "mapping": mapping.model_dump(mode="json", exclude_none=True),
        },
    )


def _write_rejected(path: Path, refused: list[Refused], unit: str) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow([unit, "reason", "text"])
            table.writerows([row.line, row.reason, row.text] for row in refused)
    except OSError as error:
        raise ImportFailedError(
            f"{path} can't be written ({error.strerror}): free the path"
        ) from error
