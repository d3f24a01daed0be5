"""`frein train` refuses what it can't learn from: exit 2, and nothing registered."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import frein
from data.generate import generate
from features.event import TIME
from features.log import Log, read_log, write_log
from features.shutdown import stop_when_told
from tests.little_room import little_room
from tests.made_once import empty_registry
from tests.training.builders import (
    HORIZON_DAYS,
    PLAN,
    make_settings,
    make_visit_catalogue,
    make_visit_log,
)
from training.errors import ModelUnavailableError
from training.fitting.train import TrainSettings, train
from training.registry.training_run import record_training

B2B = (Path(frein.__file__).parent / "features" / "catalogue.toml").read_text()
FULL = r"is full|No space|too large|disk I/O error"  # as each writer says it
Spoils = Callable[[Path], None]
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "log"
    generate(folder, leads=150, seed=5, with_truth=False)
    return folder


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables and nothing in them: making them takes seconds."""
    return empty_registry(tmp_path_factory)


@pytest.fixture
def store(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mlflow.db"
    shutil.copy(empty_store, path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    return path


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Refused:
    """What `frein train` says as it exits with 2."""

    def run(*options: str) -> str:
        monkeypatch.setattr(sys, "argv", ["frein", "train", *options])
        with pytest.raises(SystemExit) as caught:
            frein.main()
        assert caught.value.code == 2
        return capfd.readouterr().err.lstrip()

    return run


def spoil_events(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Spoils:
    def spoil(folder: Path) -> None:
        log = read_log(folder)
        shutil.rmtree(folder)
        write_log(folder, Log(log.about, change(log.events)))

    return spoil


def corrupt(folder: Path) -> None:
    for part in folder.glob("events/*/*"):
        stored = bytearray(part.read_bytes())
        stored[4:4000] = b"\xff" * 3996
        part.write_bytes(stored)


def sound(folder: Path) -> None:
    """The log is left as it is."""


def from_the_future(events: pl.DataFrame) -> pl.DataFrame:
    """One event's clock was wrong by years."""
    wrong = pl.lit(datetime(2031, 1, 1, tzinfo=UTC)).cast(TIME)
    return pl.concat([events[1:], events[:1].with_columns(received_at=wrong)])


AHEAD = spoil_events(from_the_future)
NOTHING = spoil_events(lambda events: events.clear())
UNSOLD = spoil_events(lambda events: events.filter(pl.col("kind") != "won"))
UNVISITED = spoil_events(lambda events: events.filter(pl.col("kind") != "page_viewed"))
TWICE = f'{B2B}\n[[signal]]\nname = "replies"\nidea = "reponses"\ncount = {{}}\n'
UNWORDED = (
    f'{B2B}\n[[idea]]\nname = "neuve"\nexpected = "appel"\n'
    '[[signal]]\nname = "new"\nidea = "neuve"\ncount = { kind = "note_added" }\n'
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What is wrong with the log or the catalogue, and what is then said."""

    log: Spoils = sound
    catalogue: str = B2B
    settings: str = ""
    options: tuple[str, ...] = ()
    code: str
    told: str


REFUSALS = {
    "empty": Refusal(log=NOTHING, code="log_unreadable", told="the log holds no event"),
    "corrupt": Refusal(log=corrupt, code="log_unreadable", told="bucket=0000"),
    "no-won-lead": Refusal(
        log=UNSOLD, code="training_impossible", told="no lead was won"
    ),
    "horizon-longer-than-the-log": Refusal(
        options=("--horizon", "4000d"),
        code="training_impossible",
        told="horizon of 4000 days",
    ),
    "a-clock-ahead": Refusal(
        log=AHEAD, code="training_impossible", told="was received on 2031-01-01"
    ),
    "no-split": Refusal(
        settings="min_data_in_leaf = 1000000",
        code="training_impossible",
        told="no tree splits",
    ),
    "another-objective": Refusal(
        settings='[params]\nobjective = "regression"',
        code="training_impossible",
        told="params.objective: not one of",
    ),
    "twice": Refusal(
        catalogue=TWICE, code="catalogue_invalid", told="'replies' stands twice"
    ),
    "absent-kind": Refusal(
        log=UNVISITED, code="catalogue_invalid", told="is page_viewed"
    ),
    "without-wording": Refusal(
        catalogue=UNWORDED, code="wording_broken", told="idea-neuve"
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_learnt_from_is_told_and_leaves_nothing(
    demo: Path, store: Path, refused: Refused, tmp_path: Path, refusal: Refusal
) -> None:
    log = tmp_path / "log"
    shutil.copytree(demo, log)
    refusal.log(log)
    mine = tmp_path / "mine.toml"
    mine.write_text(refusal.catalogue)
    fit = tmp_path / "fit.toml"
    fit.write_text(refusal.settings)
    asked = ("--log", str(log), "--catalogue", str(mine), "--settings", str(fit))

    said = refused(*asked, *refusal.options)

    assert said.startswith(f"{refusal.code}: ")
    assert refusal.told in said
    assert nothing_registered(store)


def test_a_registry_out_of_reach_is_told_before_the_work(
    demo: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr("training.fitting.train.train", None)

    said = refused("--log", str(demo))

    assert said.startswith("model_unavailable: ")
    assert "http://127.0.0.1:9" in said


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        pytest.param("sqlite:////nonexistent/x/mlflow.db", "no folder", id="mistyped"),
        pytest.param("postgresql://a@127.0.0.1:9/x", "refused", id="no server"),
    ],
)
def test_a_store_that_is_not_there_is_not_made_nor_waited_for(
    demo: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch, uri: str, told: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setattr("time.sleep", None)  # between MLflow's tries

    assert told in refused("--log", str(demo))
    assert not Path("/nonexistent").exists()


def test_a_read_only_store_is_told_before_the_work(
    demo: Path, store: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda folder, _: folder != store.parent)
    monkeypatch.setattr("training.fitting.train.train", None)

    assert f"{store.parent} is read-only" in refused("--log", str(demo))


def test_two_make_a_store_at_once(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    asks = "from training.registry import registry; assert not registry.has_champion()"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", asks], env={**os.environ, "MLFLOW_TRACKING_URI": uri}
        )
        for _ in range(2)
    ]
    assert [one.wait() for one in both] == [0, 0]


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody has asked for a stop yet; and who asks afterwards, asks the tests."""
    monkeypatch.setattr("features.shutdown._asked", threading.Event())
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("stops")
def test_a_stop_that_got_lost_registers_nothing(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it comes in a callback of the garbage collector."""

    def losing(*_: object) -> tuple[()]:
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(60)
        return ()

    log, settings = visits(tmp_path)
    trained = train(log, make_visit_catalogue(), settings, phase=lambda _: None)
    monkeypatch.setattr("training.registry.training_run.figures", losing)
    stop_when_told()
    with pytest.raises(KeyboardInterrupt):
        record_training(trained, log, tmp_path / "log", settings)
    assert nothing_registered(store)


@pytest.mark.usefixtures("stops")
def test_a_stop_is_told(
    demo: Path,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def stopped(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)

    monkeypatch.setattr("training.fitting.train.train", stopped)
    monkeypatch.setattr(sys, "argv", ["frein", "train", "--log", str(demo)])
    with pytest.raises(SystemExit) as caught:
        frein.main()
    assert caught.value.code == frein.STOPPED
    assert "Stopped: nothing is left half-done" in capfd.readouterr().err
    assert nothing_registered(store)


def visits(folder: Path) -> tuple[Log, TrainSettings]:
    """A small log, written there, and how to learn from it."""
    log = make_visit_log()
    write_log(folder / "log", log)
    fit = make_settings(n_trees=8)
    return log, TrainSettings(plan=PLAN, horizon_days=HORIZON_DAYS, fit=fit, seed=1)


@pytest.mark.parametrize("full", ["store", "artifacts"])
def test_a_full_disk_is_told_and_registers_nothing(
    empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    log, settings = visits(tmp_path)
    trained = train(log, make_visit_catalogue(), settings, phase=lambda _: None)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    with little_room(tmp_path / "disk", 8192) as disk:
        (tmp_path / "artifacts").symlink_to(disk)
        store = (disk if full == "store" else tmp_path) / "mlflow.db"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
        with pytest.raises(ModelUnavailableError, match=FULL):
            record_training(trained, log, tmp_path / "log", settings)
        assert nothing_registered(store)


def nothing_registered(store: Path) -> bool:
    """Read from the file, since MLflow opens no store whose tables are not complete."""
    with closing(sqlite3.connect(store)) as database:
        named = "SELECT count(*) FROM sqlite_master WHERE name = 'registered_models'"
        if not database.execute(named).fetchone()[0]:
            return True
        query = "SELECT count(*) FROM registered_models"
        return bool(database.execute(query).fetchone() == (0,))
