"""What takes seconds to make: made once a run, for all of its processes."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """The folder `name` of this run, which `make` filled: tests only read it."""
    base = factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = run / name, run / f"{name}.done"
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def empty_registry(factory: pytest.TempPathFactory) -> Path:
    """An MLflow store with its tables and nothing in them, to be copied."""
    return made_once(factory, "empty-registry", _make_registry) / "mlflow.db"


def _make_registry(folder: Path) -> None:
    from training.registry.registry import has_champion

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        assert not has_champion()
