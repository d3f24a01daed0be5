"""A whole log explained, however large: whole leads at a time, on every core.

What explains is imported by the processes that do, and not by the one that reads the
log and writes the file: it would take as long again to start.
"""

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from multiprocessing import forkserver, get_context
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from explanations.score import ModelId
from features.errors import LogError
from features.in_turn import in_turn
from features.log import Bucket, Location, LogAbout, open_log
from serving.formats.score_table import SCORE_TABLE, score_table
from serving.runtime.worker_process import environment_variable
from training.errors import ModelUnavailableError

if TYPE_CHECKING:
    from explanations.explain import Explainer

AHEAD = 2  # buckets that wait for each process
SLOW_TO_IMPORT = ["lightgbm", "numba"]  # and safe to fork after, as Polars isn't


def explain_log(
    location: Location,
    moment: datetime | None,
    out: Path,
    model: tuple[Path, ModelId],
    *,
    workers: int,
    progress: Callable[[int, int], None],
) -> int:
    """Explain every lead of a log that is open at a moment.

    Parameters
    ----------
    location : Path or str
        Of a log.
    moment : datetime, optional
        Else the log's end.
    out : Path
        A Parquet file of SCORE_TABLE; it appears whole or not at all.
    model : tuple of Path and ModelId
        The folder of its files, and what it is.
    workers : int, >= 1
        Processes.
    progress : callable
        Told how many buckets of the log are done, and of how many.

    Returns
    -------
    int
        How many leads that was.

    Raises
    ------
    LogError
        If the location is no log, or `out` can't be written.
    ModelRejectedError
        If the model's files aren't those registered.
    ModelUnavailableError
        If the model was trained on another sort of log, or a process was killed.
    """
    n_leads, log = 0, open_log(location)
    at = moment or log.end
    with _draft(out) as writer, _processes(workers) as pool, _naming_killed():
        tasks = (
            pool.submit(_explained, bucket, log.about, at, model)
            for bucket in log.buckets
        )
        for done, explained in enumerate(in_turn(tasks, AHEAD * workers), 1):
            writer.write_table(explained)
            n_leads += len(explained)
            progress(done, len(log.buckets))
    return n_leads


@contextmanager
def _naming_killed() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise ModelUnavailableError(
            "a process that explains was killed: give it memory, or fewer --workers"
        ) from error


@contextmanager
def _draft(out: Path) -> Iterator[pq.ParquetWriter]:
    """A writer whose file gets its name when all went well, and else is removed."""
    draft = out.with_name(f".{out.name}.draft")
    try:
        with pq.ParquetWriter(draft, SCORE_TABLE) as writer:
            yield writer
        draft.replace(out)
    except OSError as error:
        raise LogError(f"{out}: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def prepare_to_explain() -> None:
    """Import what is slow, meanwhile and once, in the process that others come from.

    They have one thread each: they are as many as cores.
    """
    forkserver.set_forkserver_preload(SLOW_TO_IMPORT)
    with environment_variable("POLARS_MAX_THREADS", "1"):
        forkserver.ensure_running()


@contextmanager
def _processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """On an error or an interruption what hasn't begun is dropped."""
    prepare_to_explain()
    pool = ProcessPoolExecutor(workers, get_context("forkserver"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


# --- In each process --------------------------------------------------------


@lru_cache(maxsize=1)
def _loaded(folder: Path, model: ModelId) -> "Explainer":
    from explanations.explain import load_explainer

    explainer = load_explainer(folder, model)
    # Buckets make millions of objects and no cycles: collecting amid them took half of
    # the time.
    gc.freeze()
    gc.disable()
    return explainer


def _explained(
    bucket: Bucket, about: LogAbout, at: datetime, model: tuple[Path, ModelId]
) -> pa.Table:
    from features.featurise import moments_frame

    explainer, events = _loaded(*model), bucket.read()
    if not explainer.reads(events):
        raise ModelUnavailableError(
            f"model {explainer.model.name} {explainer.model.version} was trained on "
            f"another sort of log than {about.name!r}: name a version with --model"
        )
    known = events.filter(pl.max_horizontal("occurred_at", "received_at") <= at)
    ended = known.filter(pl.col("kind").is_in([*about.won_kinds, *about.lost_kinds]))
    open_now = known.join(ended, on="lead_id", how="anti")
    leads = open_now["lead_id"].unique().sort()
    moments = moments_frame((lead, at) for lead in leads)
    table = score_table(explainer.scores(open_now, moments))
    gc.collect()
    gc.freeze()  # what is left is texts to be told again: no bucket looks through them
    return table
