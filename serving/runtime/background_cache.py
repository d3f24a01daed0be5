"""What takes long is made beside the requests, and kept: none of them waits for it."""

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Generic, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
K = TypeVar("K")
MOST = 16  # different things kept, under way, and failed
# What failed isn't begun at each look: it would fail again.
AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Cached(Generic[T]):
    """`at`: when its making began, which is what it knows of."""

    at: datetime
    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """`at`: when the making began that gave nothing."""

    at: datetime


class BackgroundCache(Generic[T]):
    """Things by key, each made again once it is as old as `lasts` and asked for.

    `in_subprocess`: they are made in a process of its own.
    """

    def __init__(self, lasts: timedelta) -> None:
        self.in_subprocess = False
        self._lasts = lasts
        self._turn = Lock()  # one thing is made at a time
        self._made: dict[Hashable, Cached[T]] = {}
        self._failed: dict[Hashable, Failed] = {}
        self._under_way: dict[Hashable, Thread] = {}
        self._lock = Lock()  # of these three

    def get(
        self, key: Hashable, now: datetime, make: Callable[[], T]
    ) -> Cached[T] | Failed | None:
        """What was last made, however old; None: nothing yet. Begins what is due.

        Failed: nothing was ever made, and the last making failed. It is begun again in
        a while, or once somebody asks for that (`retry`).
        """
        with self._lock:
            last = self._made.get(key)
            is_due = last is None or now - last.at >= self._lasts
            if is_due and self._may_begin(key, now):
                maker = Thread(target=self._make, args=(key, now, make), daemon=True)
                self._failed.pop(key, None)
                self._under_way[key] = maker
                maker.start()
            return last if last is not None else self._failed.get(key)

    def _may_begin(self, key: Hashable, now: datetime) -> bool:
        if key in self._under_way or len(self._under_way) >= MOST:
            return False
        failed = self._failed.get(key)
        return failed is None or now - failed.at >= AGAIN

    def retry(self, key: Hashable) -> None:
        """What failed is begun again by who next asks for it."""
        with self._lock:
            self._failed.pop(key, None)

    def wait(self) -> None:
        """Until nothing is under way."""
        with self._lock:
            makers = list(self._under_way.values())
        for maker in makers:
            maker.join()

    def _make(self, key: Hashable, now: datetime, make: Callable[[], T]) -> None:
        try:
            with self._turn:
                made = make()
            with self._lock:
                _keep(self._made, key, Cached(now, made))
        except Exception:  # the edge of a thread
            log.exception("making_failed")
            with self._lock:
                _keep(self._failed, key, Failed(now))
        finally:
            with self._lock:
                del self._under_way[key]


def _keep(kept: dict[Hashable, K], key: Hashable, one: K) -> None:
    """As the latest of MOST; the oldest is forgotten."""
    kept.pop(key, None)
    kept[key] = one
    if len(kept) > MOST:
        del kept[next(iter(kept))]
