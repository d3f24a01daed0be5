"""Imports of CSV files of three sizes, against Polars' own reading of the same file.

    python -m benchmarks.imports --rows 200000,2000000,20000000

In one run, and each in a process of its own, `scan_csv(...).sink_parquet(...)` and
`import_file` read the same file, in turn, three times; medians count. Told are the
seconds, how many times longer the import takes, the most memory it took, and the
exponent by which its time grows with the rows.
"""

import argparse
import math
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

ROWS_AT_ONCE = 1_000_000
EVENTS_A_LEAD = 60
REPEATS = 3
MAPPING = """
name = "visits"
shape = "events"
source = "crm"
time_zone = "Europe/Paris"
other_kinds = "as_written"
[columns]
lead_id = "lead"
time = "when"
kind = "kind"
[data.channel]
column = "channel"
[data.amount]
column = "amount"
type = "number"
[attributes.sector]
column = "sector"
"""


def write_source(path: Path, rows: int, seed: int = 7) -> None:
    """Write events as a CRM exports them: by time, leads among each other."""
    rng = np.random.default_rng(seed)
    leads = max(rows // EVENTS_A_LEAD, 1)
    kinds = pl.Series(["page_viewed", "mail_opened", "call_made", "form_sent"])
    channels = pl.Series(["site", "mail", 'phone, "direct"', "salon"])
    sectors = pl.Series(["Santé", "Industrie", "Commerce", "BTP", "Conseil"])
    with path.open("wb") as file:
        for start in range(0, rows, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, rows - start)
            lead = pl.Series(rng.integers(0, leads, count))
            second = np.sort(rng.integers(0, 86_400, count)) + 86_400 * (
                start // ROWS_AT_ONCE
            )
            pl.DataFrame(
                {
                    "lead": "L-" + lead.cast(pl.String).str.zfill(8),
                    "when": pl.from_epoch(
                        pl.Series(second) + 1_760_000_000
                    ).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "kind": kinds.gather(rng.integers(0, 4, count)),
                    "channel": channels.gather(rng.integers(0, 4, count)),
                    "amount": rng.integers(0, 1_000_000, count) / 100,
                    "sector": sectors.gather(lead % 5),
                }
            ).write_csv(file, include_header=start == 0)


def by_polars(source: Path, out: Path) -> None:
    pl.scan_csv(source).sink_parquet(out / "polars.parquet")


def by_import(source: Path, out: Path) -> None:
    from data.importing.importer import import_file
    from data.importing.mapping import load_mapping

    mapping = out / "mapping.toml"
    mapping.write_text(MAPPING)
    counts = import_file(source, load_mapping(mapping), out / "log")
    assert counts.rejected == 0


Work = Callable[[Path, Path], None]


def measured(work: Work, source: Path) -> tuple[float, float]:
    """Seconds, and the most GiB, of a process that does the work."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, source))


def _measured(work: Work, source: Path) -> tuple[float, float]:
    with TemporaryDirectory(dir=source.parent) as folder:
        begun = time.perf_counter()
        work(source, Path(folder))
        seconds = time.perf_counter() - begun
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="200000,2000000,20000000")
    parser.add_argument("--folder", type=Path, default=None)
    asked = parser.parse_args()
    sizes = [int(rows) for rows in asked.rows.split(",")]
    taken: list[float] = []
    out = sys.stdout
    with TemporaryDirectory(dir=asked.folder) as folder:
        for rows in sizes:
            source = Path(folder) / f"{rows}.csv"
            write_source(source, rows)
            pairs = [
                (measured(by_polars, source), measured(by_import, source))
                for _ in range(REPEATS)
            ]
            source.unlink()
            plain = median(seconds for (seconds, _), _ in pairs)
            seconds = median(seconds for _, (seconds, _) in pairs)
            ratio = median(own[0] / polars[0] for polars, own in pairs)
            most = max(gib for _, (_, gib) in pairs)
            taken.append(seconds)
            out.write(
                f"{rows:>12,} rows: polars {plain:7.2f} s, import {seconds:7.2f} s, "
                f"{ratio:4.1f} times, {most:.2f} GiB\n"
            )
            out.flush()
    for (small, before), (large, after) in zip(
        zip(sizes, taken, strict=True),
        [*zip(sizes, taken, strict=True)][1:],
        strict=False,
    ):
        exponent = math.log(after / before) / math.log(large / small)
        out.write(f"{small:,} to {large:,} rows: growth n^{exponent:.2f}\n")


if __name__ == "__main__":
    main()
