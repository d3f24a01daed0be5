"""Tracer of the modules that a call enters, in the order in which it enters them."""

import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from grimp import ImportGraph, build_graph

from tests.architecture.page import ROOT, walk_of

LONGEST = 10  # modules of a walk
ROOMS = ("serving", "governance", "training")


@contextmanager
def modules_entered() -> Iterator[list[str]]:
    """Modules of `ROOMS`, each once, also of threads that start meanwhile.

    The list is complete once the block is left. `features` and `explanations` are left
    out: they are libraries to the rest.
    """
    entered: dict[str, None] = {}
    prefixes = tuple(f"{ROOT}/{room}/" for room in ROOMS)

    def note(frame: FrameType, event: str, _: Any) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(prefixes):
            name = path.removeprefix(f"{ROOT}/").removesuffix(".py")
            entered.setdefault(name.replace("/", "."))

    modules: list[str] = []
    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield modules
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
        modules += entered


def check_walk(title: str, entered: list[str], *, around: frozenset[str]) -> None:
    """Hold a walk of the page to a trace and to the imports.

    The trace enters the walk's modules in its order, and each is imported by an earlier
    one. Every other module that the trace enters is two imports away at most, so that a
    reader of the walk finds it. `around` are the folders that work around every call
    (middleware, dependencies, the store): a walk doesn't tell them.
    """
    walk = walk_of(title)
    graph = build_graph(*ROOMS, "features", "explanations", cache_dir=None)
    assert len(walk) <= LONGEST
    assert [module for module in entered if module in walk] == walk
    for position, module in enumerate(walk[1:], start=1):
        assert module in imports_of(graph, walk[:position]), f"nobody imports {module}"
    one_step = imports_of(graph, walk)
    two_steps = one_step | imports_of(graph, one_step & set(graph.modules))
    far = {
        module
        for module in entered
        if module not in two_steps and module.rsplit(".", 1)[0] not in around
    }
    assert not far - set(walk), f"three imports away from the walk: {sorted(far)}"


def imports_of(graph: ImportGraph, modules: Collection[str]) -> set[str]:
    return set().union(*map(graph.find_modules_directly_imported_by, modules))
