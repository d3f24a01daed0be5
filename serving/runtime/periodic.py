"""Threads that act at intervals, beside the requests."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class PeriodicThread:
    """A thread that acts when it is started, then at intervals until it is stopped."""

    def __init__(self, name: str, every_seconds: float, act: Callable[[], object]):
        self._name, self._every_seconds, self._act = name, every_seconds, act
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._act()
            except Exception:  # the edge of a thread: a bug must not end it
                log.exception("recurring_failed", extra={"what": self._name})
            if self._stop.wait(self._every_seconds):
                return
