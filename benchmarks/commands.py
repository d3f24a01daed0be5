"""A command as it is run: how long, how much processor, and how much memory."""

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


class CommandFailedError(Exception):
    """A command of ours did not end well; with what it last said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command's wall clock and processor time, in seconds, and its memory.

    `peak_rss_bytes` is the largest sum of resident memory over the process and those
    that it started, sampled: pages that they share count once for each.
    """

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


def run_frein(*arguments: str) -> Run:
    """Run `frein`, from its start to its end; raises CommandFailedError."""
    command = [sys.executable, "-m", "frein", *arguments]
    cpu = _cpu_of_children()
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        memory = _Memory(process.pid)
        _, said = process.communicate()
        seconds = time.perf_counter() - started
    peak = memory.stopped()
    if process.returncode:
        raise CommandFailedError(f"frein {arguments[0]}: {said.strip()}")
    return Run(
        seconds=seconds,
        cpu_seconds=_cpu_of_children() - cpu,
        peak_rss_bytes=peak,
    )


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Memory:
    """Watches a process and those below it, from a thread."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stopped(self) -> int:
        """The peak, in bytes."""
        self._stop.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLED_EVERY):
            resident = sum(map(_resident, family([self._pid])))
            self._peak = max(self._peak, resident)


def family(pids: Sequence[int]) -> Iterator[int]:
    """Processes, and all that they started and that still run (Linux)."""
    for pid in pids:
        yield pid
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            with suppress(OSError):  # it has ended
                children = (thread / "children").read_text(encoding="ascii").split()
                yield from family([int(child) for child in children])


def _resident(pid: int) -> int:
    with suppress(OSError):
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * _PAGE
    return 0
