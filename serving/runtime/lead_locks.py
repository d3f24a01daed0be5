"""Turns: calls that write the same lead wait for one another before they score.

Versions alone keep leads right (see `recording.py`); this only spares the scores
that would be thrown away when many calls of one process meet on one lead.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

_STRIPES = 1024  # leads that share one wait for each other without need, rarely


class LeadLocks:
    """A lock a lead, of a fixed number; taken in one order, so never in a circle."""

    def __init__(self) -> None:
        self._locks = tuple(threading.Lock() for _ in range(_STRIPES))

    @contextmanager
    def of(self, lead_ids: Iterable[str]) -> Iterator[None]:
        """Hold the turns of these leads."""
        with ExitStack() as held:
            for stripe in sorted({hash(name) % _STRIPES for name in lead_ids}):
                held.enter_context(self._locks[stripe])
            yield
