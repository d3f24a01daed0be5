"""Functions compiled to machine code, with their types kept for the reader."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

Args = ParamSpec("Args")
Result = TypeVar("Result")


def compiled(function: Callable[Args, Result]) -> Callable[Args, Result]:
    """Compile with numba, once a machine: the code is cached beside the module.

    A cached function doesn't notice that one of *another* module which it calls has
    changed: keep those that call each other in one module. The cache's file is named by
    the function's line and names the modules of its arguments' types: where such a type
    moves, an older file would fail to load, unless the function's line moves too.
    """
    fast: Callable[Args, Result] = numba.njit(
        cache=True, nogil=True, error_model="numpy"
    )(function)
    return fast
