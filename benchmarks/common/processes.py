"""A command as it is run: how long, how much processor, and how much memory."""

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SAMPLED_EVERY = 0.05  # seconds
_PAGE = resource.getpagesize()
_TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds


class CommandFailedError(Exception):
    """A command of ours did not end well; with what it last said."""


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
    """Run `frein`, from its start to its end; raises CommandFailedError."""
    command = [sys.executable, "-m", "frein", *arguments]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        watch = _Watch(process.pid)
        _, said = process.communicate()
        seconds = time.perf_counter() - started
    watch.stop()
    if process.returncode:
        raise CommandFailedError(f"frein {arguments[0]}: {said.strip()}")
    return Run(
        seconds=seconds,
        cpu_seconds=sum(watch.cpu_seconds.values()),
        peak_rss_bytes=watch.peak_rss_bytes,
    )


class _Watch:
    """Watches a process and those below it, from a thread."""

    def __init__(self, pid: int) -> None:
        self.cpu_seconds: dict[int, float] = {}
        self.peak_rss_bytes = 0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLED_EVERY):
            resident = 0
            for pid in family([self._pid]):
                with suppress(OSError):  # it has ended
                    self.cpu_seconds[pid] = _cpu_seconds(pid)
                    resident += _resident_bytes(pid)
            self.peak_rss_bytes = max(self.peak_rss_bytes, resident)


def family(pids: Sequence[int]) -> Iterator[int]:
    """Processes, and all that they started and that still run (Linux)."""
    for pid in pids:
        yield pid
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            with suppress(OSError):  # it has ended
                children = (thread / "children").read_text(encoding="ascii").split()
                yield from family([int(child) for child in children])


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) * _TICK


def _resident_bytes(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * _PAGE
