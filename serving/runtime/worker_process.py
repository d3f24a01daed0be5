"""Worker processes: work on the store that would slow the calls served meanwhile."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from features.errors import FreinError
from serving.database.engine import Store

P = ParamSpec("P")
T = TypeVar("T")


def in_subprocess(
    store: Store,
    work: Callable[Concatenate[Store, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a function of a module in a process of its own; its values can be pickled.

    The process ends by itself, though this one be killed.

    Raises
    ------
    FreinError
        As `work` raises it.
    EOFError
        If the process was killed, or ended in any other error: that is on standard
        error.
    """
    url = store.engine.url.render_as_string(hide_password=False)
    processes = get_context("spawn")
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(
        target=_send_result, args=(theirs, url, work, args, kwargs)
    )
    process.start()
    theirs.close()
    with ours:
        result = ours.recv()
    process.join()
    if isinstance(result, FreinError):
        raise result
    return cast(T, result)


def _send_result(
    to: Connection,
    url: str,
    work: Callable[..., object],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    with to, closing(Store(url)) as store:
        try:
            to.send(work(store, *args, **kwargs))
        except FreinError as error:
            to.send(error)


@contextmanager
def environment_variable(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment, and put back its value on leaving."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
