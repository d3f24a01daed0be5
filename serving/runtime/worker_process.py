"""Work on the store in a process of its own. A thread would take half of the processor
from the calls that are served meanwhile."""

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
    """What `work` gives, a function of a module, of values that can be pickled.

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
    process = processes.Process(target=_tell, args=(theirs, url, work, args, kwargs))
    process.start()
    theirs.close()
    with ours:
        found = ours.recv()
    process.join()
    if isinstance(found, FreinError):
        raise found
    return cast(T, found)


def _tell(
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
