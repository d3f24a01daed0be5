"""Variables that processes started meanwhile inherit."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def inherited(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment, and put back what was there before."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
