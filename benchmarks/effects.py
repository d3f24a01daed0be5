"""Coverage of the report on automation: does it find the generator's effect back?

    python -m benchmarks.effects --logs 20 --leads 20000

Demo logs of different seeds, each with its own true effect in `log.toml`: that of the
automated sequence on leads still open after the exposure (`data/demo/effect.py`). How
often does the interval hold it, adjusted and naive, and how wide is it, in points?
`covers_from_entry` holds the adjusted interval to the effect on all leads, from entry:
another question, told beside it.
"""

from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import JsonValue

from benchmarks.common.command_line import parser_of, print_json
from data.generate import generate
from features.catalogue import read_catalogue, shipped_catalogue
from features.log import read_log
from governance.impact.interval import Estimate
from governance.impact.lead_course import attributes_of
from governance.impact.report import automation_report

FIRST_SEED = 101


def main() -> None:
    """Print a line a log, then one line of JSON."""
    parser = parser_of("effects", __doc__)
    parser.add_argument("--logs", type=int, default=20)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    rows = []
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        seeds = range(FIRST_SEED, FIRST_SEED + options.logs)
        for row in pool.map(of_log, seeds, repeat(options.leads)):
            rows.append(row)
            print_json(row)
    print_json({"leads": options.leads, **summed(rows)})


def of_log(seed: int, leads: int) -> dict[str, float | bool]:
    """A log's true and found effects, in points."""
    with TemporaryDirectory(prefix="frein-effects-") as folder:
        path = Path(folder) / "log"
        truth = generate(path, leads=leads, seed=seed, with_truth=False).effect
        report = automation_report(
            read_log(path), attributes_of(read_catalogue(shipped_catalogue("b2b")))
        )
    if report.adjusted is None:
        raise SystemExit(f"{leads} leads are too few to tell an effect")
    adjusted, naive = report.adjusted.adjusted, report.adjusted.naive
    return {
        "seed": seed,
        "true": round(100 * truth.of_open, 2),
        "adjusted": round(100 * adjusted.value, 2),
        "width": round(100 * adjusted.width, 2),
        "covers": covers(adjusted, truth.of_open),
        "naive": round(100 * naive.value, 2),
        "naive_covers": covers(naive, truth.of_open),
        "covers_from_entry": covers(adjusted, truth.of_all),
        "true_from_entry": round(100 * truth.of_all, 2),
    }


def covers(interval: Estimate, truth: float) -> bool:
    return interval.low <= truth <= interval.high


def summed(rows: list[dict[str, float | bool]]) -> dict[str, JsonValue]:
    """How many logs of `rows` are covered, and the means, in points."""

    def mean(name: str) -> float:
        return round(sum(row[name] for row in rows) / len(rows), 2)

    return {
        "logs": len(rows),
        "covers": sum(row["covers"] for row in rows),
        "naive_covers": sum(row["naive_covers"] for row in rows),
        "widest": max(row["width"] for row in rows),
        "mean_true": mean("true"),
        "mean_adjusted": mean("adjusted"),
        "mean_naive": mean("naive"),
        "covers_from_entry": sum(row["covers_from_entry"] for row in rows),
        "mean_true_from_entry": mean("true_from_entry"),
    }


if __name__ == "__main__":
    main()
