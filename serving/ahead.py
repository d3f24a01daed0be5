"""What takes long is made beside the requests, and kept: none of them waits for it."""

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Generic, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST = 16  # different things kept, and under way


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """`at`: when its making began, which is what it knows of."""

    at: datetime
    thing: T


class Ahead(Generic[T]):
    """Things by key, each made again once it is as old as `lasts` and asked for."""

    def __init__(self, lasts: timedelta) -> None:
        self._lasts = lasts
        self._turn = Lock()  # one thing is made at a time
        self._made: dict[Hashable, Made[T]] = {}
        self._under_way: dict[Hashable, Thread] = {}
        self._lock = Lock()  # of these two

    def get(
        self, key: Hashable, now: datetime, make: Callable[[], T]
    ) -> Made[T] | None:
        """What was last made, however old; None: nothing yet. Begins what is due."""
        with self._lock:
            last = self._made.get(key)
            is_due = last is None or now - last.at >= self._lasts
            if is_due and key not in self._under_way and len(self._under_way) < MOST:
                maker = Thread(target=self._make, args=(key, now, make), daemon=True)
                self._under_way[key] = maker
                maker.start()
            return last

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
                self._made.pop(key, None)
                self._made[key] = Made(now, made)
                if len(self._made) > MOST:
                    del self._made[next(iter(self._made))]
        except Exception:  # the edge of a thread
            log.exception("making_failed")
        finally:
            with self._lock:
                del self._under_way[key]
