"""Locks of leads: calls of one process that write the same lead wait for one another.

Versions alone keep leads right (`transaction/unit_of_work.py`); the locks only spare
the scores that would be thrown away when many calls meet on one lead.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

_STRIPES = 1024  # leads that share one wait for each other without need, rarely


class LeadLocks:
    """A fixed number of locks, taken in one order: two calls never wait in a circle."""

    def __init__(self) -> None:
        self._locks = tuple(threading.Lock() for _ in range(_STRIPES))

    @contextmanager
    def of(self, lead_ids: Iterable[str]) -> Iterator[None]:
        """Hold the locks of these leads."""
        with ExitStack() as held:
            for stripe in sorted({hash(lead_id) % _STRIPES for lead_id in lead_ids}):
                held.enter_context(self._locks[stripe])
            yield
