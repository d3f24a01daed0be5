import pytest

from features.errors import LogError
from serving.database.engine import Store
from serving.runtime.worker_process import in_subprocess


def failing(_: Store, message: str) -> None:
    raise LogError(message)


def ending(_: Store) -> None:
    raise SystemExit(3)


def test_an_error_of_ours_comes_back_and_another_end_is_told(
    sqlite_store: Store,
) -> None:
    with pytest.raises(LogError, match="no such folder"):
        in_subprocess(sqlite_store, failing, "no such folder")
    with pytest.raises(EOFError):
        in_subprocess(sqlite_store, ending)
