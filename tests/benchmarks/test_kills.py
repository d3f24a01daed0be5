"""Kill -9 under load from four clients, on each kind of database."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.kills import tried
from serving.database.engine import POSTGRESQL, SQLITE
from tests.postgres import running_postgres


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database."""
    with ExitStack() as opened:
        url = f"sqlite:///{tmp_path / 'frein.db'}"
        if request.param == POSTGRESQL:
            postgres = opened.enter_context(running_postgres())
            url = opened.enter_context(postgres.database())
        yield url


def test_what_was_acknowledged_is_there_once(database: str, tmp_path: Path) -> None:
    report = tried(database, tmp_path, kills=2, clients=4, writes=15)

    counts = {name: n for name, n in report.items() if isinstance(n, int)}
    assert (report["lost"], report["doubled"], report["broken"]) == (0, 0, None)
    assert counts["events"] + counts["overrides"] + counts["decisions"] >= 2 * 15
    assert counts["tasks"] > 0
