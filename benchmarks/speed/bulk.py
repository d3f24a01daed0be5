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

import polars as pl
import psutil

from benchmarks.common.command_line import BenchmarkError
from benchmarks.speed.cut_leads import EVENTS, copied
from benchmarks.speed.plain_stack import Explained, PlainStack
from features.log import Log, LogAbout, write_log
from serving.scoring.batch import EVENTS_AT_ONCE

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OursInBulk:
    """The command on a log of `n_leads`, and what it takes to start.

    `start_up` is the command on a log that gives each process a part to read, and one
    lead to tell, since the others are closed. `scores` has columns lead_id and score.
    """

    n_leads: int
    run: Run
    start_up: Run
    scores: pl.DataFrame

    @property
    def leads_per_second(self) -> float:
        return self.n_leads / self.run.seconds

    @property
    def leads_per_second_net_of_start_up(self) -> float:
        return self.n_leads / (self.run.seconds - self.start_up.seconds)

    @property
    def cpu_microseconds_a_lead(self) -> float:
        """Of all its processes, net of its start-up."""
        cpu = self.run.cpu_seconds - self.start_up.cpu_seconds
        return 1e6 * cpu / self.n_leads


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainInBulk:
    """The plain stack on a log of its own, once everything is loaded."""

    seconds: float
    explained: Explained

    @property
    def n_leads(self) -> int:
        return len(self.explained.leads)

    @property
    def leads_per_second(self) -> float:
        return self.n_leads / self.seconds


def ours_in_bulk(
    events: pl.DataFrame, about: LogAbout, at: datetime, n_leads: int, folder: Path
) -> OursInBulk:
    """Explain `n_leads` copies of these leads; raises BenchmarkError.

    The start is run once before the clock runs: what a machine caches is cached then,
    and both runs that are timed begin as warm.
    """
    start, many, out = folder / "start", folder / "many", folder / "scores.parquet"
    every_process = len(os.sched_getaffinity(0)) * EVENTS_AT_ONCE // EVENTS
    _write(start, _closed(copied(events, every_process), about), about)
    _write(many, copied(events, n_leads), about)
    moment = ("--moment", f"{at:%Y-%m-%dT%H:%M:%S}", "--out", str(out))
    _, start_up, run = (
        run_frein("explain", "--log", str(log), *moment) for log in (start, start, many)
    )
    scores = pl.read_parquet(out, columns=["lead_id", "score"])
    assert scores.height == n_leads, f"{scores.height} leads told, of {n_leads}"
    return OursInBulk(n_leads=n_leads, run=run, start_up=start_up, scores=scores)


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
) -> PlainInBulk:
    """Explain copies of these leads with the plain stack, from the file to values."""
    log = folder / "plain"
    _write(log, copied(events, n_leads), about)
    started = time.perf_counter()
    explained = stack.of_log(log, at)
    return PlainInBulk(seconds=time.perf_counter() - started, explained=explained)


def _write(folder: Path, events: pl.DataFrame, about: LogAbout) -> None:
    """As a log is: by time, whosever the events are."""
    write_log(folder, Log(replace(about, provenance={}), events.sort("occurred_at")))
