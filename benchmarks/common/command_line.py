"""Command line of a benchmark: its options, its report, the JSON line at its end."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

import orjson
from rich.console import Console
from rich.table import Table

from features.errors import FreinError

Report = TypeVar("Report")


class BenchmarkError(Exception):
    """A benchmark can't go on; with why. No error of Frein."""


def parser_of(name: str, description: str | None = None) -> argparse.ArgumentParser:
    """A parser; of the benchmark's docstring it shows the first line."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=(description or "").split("\n", maxsplit=1)[0],
    )


def at_least(least: int) -> Callable[[str], int]:
    """The type of an option that is a number, and not less than this."""

    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"at least {least}: less measures nothing")
        return int(text)

    return number


def print_report(
    name: str,
    console: Console,
    measure: Callable[[], Report],
    tables: Callable[[Report], Iterator[Table]],
    fields: Callable[[Report], object] = lambda report: report,
    *,
    hint: str = "",
) -> int:
    """Measure, print tables and JSON; the exit code, 2 where the input is at fault."""
    try:
        report = measure()
    except (FreinError, BenchmarkError) as error:
        print(f"{name}: {error}{hint}", file=sys.stderr)
        return 2
    console.print(*tables(report))
    print_json(fields(report))
    return 0


def print_json(fields: object) -> None:
    """Print a line for programs: the last one, or one a step."""
    print(orjson.dumps(fields, option=orjson.OPT_SERIALIZE_NUMPY).decode(), flush=True)


def load_average() -> float:
    """The load of the machine while it measures."""
    return round(os.getloadavg()[0], 2)
