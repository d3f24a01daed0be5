"""Shutdown by Ctrl-C, or by the polite kill of a container, that isn't lost.

Python raises KeyboardInterrupt wherever it happens to be, and swallows it in a callback
of the garbage collector. What can't be undone asks here first.
"""

import signal
import threading

_asked = threading.Event()


def stop_when_told() -> None:
    """Have SIGINT and SIGTERM raise KeyboardInterrupt, and be remembered."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def stop_if_told() -> None:
    """Raises KeyboardInterrupt if a stop was asked for, though it got lost."""
    if _asked.is_set():
        raise KeyboardInterrupt


def _stop(number: int, frame: object) -> None:
    _asked.set()
    raise KeyboardInterrupt
