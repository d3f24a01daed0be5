"""Background cache: slow values are computed in threads, and no request waits."""

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Generic, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
E = TypeVar("E")
CAPACITY = 16  # keys kept, under way, and failed
RETRY_AFTER = timedelta(minutes=10)  # tried again at once, it would fail again


@dataclass(frozen=True, slots=True)
class Cached(Generic[T]):
    """`at`: when its computation began, which is what it knows of."""

    at: datetime
    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """`at`: when the computation began that gave nothing."""

    at: datetime


class BackgroundCache(Generic[T]):
    """Values by key; one that is as old as `lasts` is computed again when asked for.

    `in_subprocess`: they are computed in a process of its own.
    """

    def __init__(self, lasts: timedelta) -> None:
        self.in_subprocess = False
        self._lasts = lasts
        self._one_at_a_time = Lock()  # of the computations
        self._cached: dict[Hashable, Cached[T]] = {}
        self._failed: dict[Hashable, Failed] = {}
        self._under_way: dict[Hashable, Thread] = {}
        self._lock = Lock()  # of these three

    def get(
        self, key: Hashable, now: datetime, compute: Callable[[], T]
    ) -> Cached[T] | Failed | None:
        """The latest value, however old; None: there is none yet. Begins what is due.

        Failed: there is none, and the last computation failed. It is begun again after
        RETRY_AFTER, or once somebody asks for that (`retry`).
        """
        with self._lock:
            latest = self._cached.get(key)
            is_due = latest is None or now - latest.at >= self._lasts
            if is_due and self._may_begin(key, now):
                self._failed.pop(key, None)
                task = (key, now, compute)
                thread = Thread(target=self._compute, args=task, daemon=True)
                self._under_way[key] = thread
                thread.start()
            return latest if latest is not None else self._failed.get(key)

    def _may_begin(self, key: Hashable, now: datetime) -> bool:
        if key in self._under_way or len(self._under_way) >= CAPACITY:
            return False
        failed = self._failed.get(key)
        return failed is None or now - failed.at >= RETRY_AFTER

    def retry(self, key: Hashable) -> None:
        """Let who next asks begin again what failed."""
        with self._lock:
            self._failed.pop(key, None)

    def wait(self) -> None:
        """Wait until nothing is under way."""
        with self._lock:
            threads = list(self._under_way.values())
        for thread in threads:
            thread.join()

    def _compute(self, key: Hashable, now: datetime, compute: Callable[[], T]) -> None:
        try:
            with self._one_at_a_time:
                value = compute()
            with self._lock:
                _keep(self._cached, key, Cached(now, value))
        except Exception:  # the edge of a thread
            log.exception("making_failed")
            with self._lock:
                _keep(self._failed, key, Failed(now))
        finally:
            with self._lock:
                del self._under_way[key]


def _keep(entries: dict[Hashable, E], key: Hashable, entry: E) -> None:
    """Keep an entry as the latest of CAPACITY; the oldest is forgotten."""
    entries.pop(key, None)
    entries[key] = entry
    if len(entries) > CAPACITY:
        del entries[next(iter(entries))]
