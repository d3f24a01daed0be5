"""Explaining a whole log: `frein explain` as it is run, and the plain stack here.

A command is measured from its start to its end: how long, how much processor, and
how much memory.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl
import psutil

from benchmarks.common.command_line import BenchmarkError
from benchmarks.speed.cut_leads import EVENTS, copied
from benchmarks.speed.plain_stack import Explained, PlainStack
from features.log import Log, LogAbout, write_log
from features.log.manifest import EVENTS_IN_BUCKET

SAMPLED_EVERY = 0.05  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command's wall clock and processor time, in seconds, and its memory.

    Both are of the process and those that it started, sampled: some of them nobody
    waits for. `peak_rss_bytes` is the largest sum of resident memory: pages that they
    share count once for each.
    """

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


def run_frein(*arguments: str) -> Run:
    """Run `frein`, from its start to its end; raises BenchmarkError."""
    command = [sys.executable, "-m", "frein", *arguments]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        watch = _Watch(process.pid)
        watch.start()
        _, errors = process.communicate()
        seconds = time.perf_counter() - started
    watch.ended.set()
    watch.join()
    if process.returncode:
        raise BenchmarkError(f"frein {arguments[0]}: {errors.strip()}")
    return Run(
        seconds=seconds,
        cpu_seconds=sum(watch.cpu_seconds.values()),
        peak_rss_bytes=watch.peak_rss_bytes,
    )


class _Watch(threading.Thread):
    """Watches a process and those below it, until it is told that they ended."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.cpu_seconds: dict[int, float] = {}
        self.peak_rss_bytes = 0
        self.ended = threading.Event()
        self._pid = pid

    def run(self) -> None:
        while not self.ended.wait(SAMPLED_EVERY):
            resident = 0
            for pid in _family(self._pid):
                with suppress(psutil.Error):  # it has ended
                    process = psutil.Process(pid)
                    cpu = process.cpu_times()
                    self.cpu_seconds[pid] = cpu.user + cpu.system
                    resident += process.memory_info().rss
            self.peak_rss_bytes = max(self.peak_rss_bytes, resident)


def _family(pid: int) -> Iterator[int]:
    """A process, and all that it started and that still run (Linux)."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has ended
            for child in children.read_text(encoding="ascii").split():
                yield from _family(int(child))


class OursInBulk(NamedTuple):
    """The command on a log: its figures, its processor time net of its start, and the
    scores, of columns lead_id and score."""

    figures: dict[str, float]
    cpu_microseconds_a_lead: float
    scores: pl.DataFrame


def ours_in_bulk(
    events: pl.DataFrame, about: LogAbout, at: datetime, n_leads: int, folder: Path
) -> OursInBulk:
    """Explain `n_leads` copies of these leads; raises BenchmarkError.

    The start is the command on a log that gives each process a part to read, and one
    lead to tell, since the others are closed. It is run once before the clock runs:
    what a machine caches is cached then, and both runs that are timed begin as warm.
    """
    start, many, out = folder / "start", folder / "many", folder / "scores.parquet"
    every_process = len(os.sched_getaffinity(0)) * EVENTS_IN_BUCKET // EVENTS
    _write(start, _closed(copied(events, every_process), about), about)
    _write(many, copied(events, n_leads), about)
    moment = ("--moment", f"{at:%Y-%m-%dT%H:%M:%S}", "--out", str(out))
    _, start_up, run = (
        run_frein("explain", "--log", str(log), *moment) for log in (start, start, many)
    )
    scores = pl.read_parquet(out, columns=["lead_id", "score"])
    assert scores.height == n_leads, f"{scores.height} leads told, of {n_leads}"
    figures = {
        "leads": n_leads,
        "seconds": run.seconds,
        "start_up_seconds": start_up.seconds,
        "leads_per_second": n_leads / run.seconds,
        "leads_per_second_net_of_start_up": n_leads / (run.seconds - start_up.seconds),
        "peak_rss_gib": run.peak_rss_bytes / 2**30,
    }
    cpu_seconds = run.cpu_seconds - start_up.cpu_seconds
    return OursInBulk(figures, 1e6 * cpu_seconds / n_leads, scores)


def _closed(events: pl.DataFrame, about: LogAbout) -> pl.DataFrame:
    """The events, with an outcome of every lead but the first."""
    last = events.unique("lead_id", keep="last", maintain_order=True)[1:]
    outcome = last.with_columns(
        pl.lit(about.won_kinds[0]).alias("kind"), pl.lit("outcome").alias("event_id")
    )
    return pl.concat([events, outcome])


def plain_in_bulk(
    stack: PlainStack,
    events: pl.DataFrame,
    about: LogAbout,
    at: datetime,
    n_leads: int,
    folder: Path,
) -> tuple[dict[str, float], Explained]:
    """Explain copies of these leads with the plain stack, from the file to values."""
    log = folder / "plain"
    _write(log, copied(events, n_leads), about)
    started = time.perf_counter()
    explained = stack.of_log(log, at)
    seconds = time.perf_counter() - started
    figures = {"leads": n_leads, "seconds": seconds}
    return figures | {"leads_per_second": n_leads / seconds}, explained


def _write(folder: Path, events: pl.DataFrame, about: LogAbout) -> None:
    write_log(folder, Log(replace(about, provenance={}), events))
