"""Rules for every test: its budget, its needs, and its place in a parallel run."""

import os
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, LoadScopeScheduling

from tests.budgets import examples

# Where another process works too, spinning OpenMP threads make a training four times
# slower; as the Makefile has it, but read before LightGBM is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Polars and LightGBM share the cores with the other workers, instead of each starting a
# thread a core: more of them would only wait for one another.
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
for variable in ("OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(variable, str(max(1, (os.cpu_count() or 1) // _WORKERS)))
# MLflow asks a server that isn't there for minutes; `frein.py` has it ask twice.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
# A console made at import would keep the width of the terminal that runs the tests.
os.environ.pop("COLUMNS", None)

# No deadline: how long an example takes says how busy the machine is.
settings.register_profile("frein", max_examples=examples(100), deadline=None)
settings.load_profile("frein")

# By marker, the fixtures and the rooms whose tests need what it names.
NEEDS = {
    "browser": {"playwright"},
    "postgresql": {"postgres", "postgres_store"},
    "training": {"registered", "scorer", "shelf"},
}
TRAINING_ROOMS = ("tests/benchmarks/", "tests/end_to_end/", "tests/training/")
# The longest come first: a long file that comes last would leave a worker idle.
LONGEST = ("tests/end_to_end/", "tests/training/", "tests/console/", "tests/serving/")
# One worker runs these: their model takes the longest of all to train.
TOGETHER = "tests/end_to_end"


@pytest.fixture(scope="session", autouse=True)
def shipped_pragmas() -> Iterator[tuple[str, ...]]:
    """Has SQLite wait for no disk, as nothing here need survive a power cut; gives
    how it is opened in production."""
    from serving.database import engine

    shipped = engine._PRAGMAS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_PRAGMAS", (*shipped, "synchronous=OFF"))
        yield shipped


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """A password's hash is meant to take long: here, no more than it must."""
    from argon2 import PasswordHasher

    from serving.auth import passwords

    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", hasher)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """SQL that was compiled for one store serves the others of its kind: each test
    opens a store, which would compile it anew."""
    from sqlalchemy import Engine
    from sqlalchemy.engine.default import DefaultDialect
    from sqlalchemy.util import LRUCache

    compiled: LRUCache[object, object] = LRUCache(5_000)

    def kind(dialect: DefaultDialect) -> tuple[object, ...]:
        return type(dialect), dialect.dbapi

    with pytest.MonkeyPatch.context() as patch:
        only_ours = property(lambda _: compiled, lambda *_: None)
        patch.setattr(Engine, "_compiled_cache", only_ours, raising=False)
        patch.setattr(DefaultDialect, "__eq__", lambda a, b: kind(a) == kind(b))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(kind(one)))
        yield


@pytest.fixture(scope="session", autouse=True)
def command_line_made_once() -> Iterator[None]:
    """Typer would put together all commands anew for each that a test runs."""
    from typer import testing
    from typer.main import get_command

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testing, "_get_command", cache(get_command))
        yield


@pytest.hookimpl(trylast=True)  # once their order was drawn
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test with what it needs, so that `-m` can leave it out."""
    asked = _fixtures_of(item)
    for marker, fixtures in NEEDS.items():
        if asked & fixtures:
            item.add_marker(marker)
    if item.nodeid.startswith(TRAINING_ROOMS):
        item.add_marker("training")


def _fixtures_of(item: pytest.Item) -> set[str]:
    """The names of a test's fixtures, and of those that its parameters name."""
    if not isinstance(item, pytest.Function):
        return set()
    named = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return {*item.fixturenames, *(one for one in named if isinstance(one, str))}


def _place(item: pytest.Item) -> int:
    rooms = (n for n, room in enumerate(LONGEST) if item.nodeid.startswith(room))
    return next(rooms, len(LONGEST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: it works while others wait for a browser, a disk
    or a clock."""
    return (os.cpu_count() or 1) + 1


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Files go to whichever worker is free, in the order of their collection."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return TOGETHER if file.startswith(TOGETHER) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return ByFile(config, log)
