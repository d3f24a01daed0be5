"""Results of tasks in their order, while a few are under way."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import TypeVar

_Result = TypeVar("_Result")


def in_turn(tasks: Iterable[Future[_Result]], ahead: int) -> Iterator[_Result]:
    """What the tasks give, in order; so many are begun before they are asked for.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as pool:
    ...     list(in_turn((pool.submit(abs, n) for n in (-1, -2, -3)), ahead=2))
    [1, 2, 3]
    """
    waiting = iter(tasks)
    begun = list(islice(waiting, ahead))
    while begun:
        yield begun.pop(0).result()
        begun += islice(waiting, 1)
