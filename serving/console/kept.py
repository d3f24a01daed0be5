"""What takes long to make is kept for a while, and made once at a time."""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
_MOST = 16  # of different things


class Kept(Generic[T]):
    """Things by key, each as old as `lasts` at most."""

    def __init__(self, lasts: timedelta) -> None:
        self._lasts = lasts
        self._lock = Lock()
        self._made: dict[Hashable, tuple[datetime, T]] = {}

    def get(self, key: Hashable, now: datetime, make: Callable[[], T]) -> T:
        """What was made at most `lasts` ago, else what `make` gives now."""
        with self._lock:
            at, thing = self._made.get(key, (None, None))
            if at is not None and thing is not None and now - at < self._lasts:
                return thing
            made = make()
            while len(self._made) >= _MOST:
                del self._made[next(iter(self._made))]
            self._made[key] = (now, made)
            return made
