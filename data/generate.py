"""The demo log: leads of a made-up French company, and the truth about them.

    from data.generate import generate
    generate(Path("demo"), leads=5000, seed=7)

writes a log, and `truth.parquet` beside it. Intent is a hidden chain
(`data/demo/intent.py`) that drives what leads do; `truth.parquet` is what an exact
filter knew of them each week (`data/demo/truth.py`). Leads are drawn by blocks, each
from a seed of its own, in as many processes as are wanted, and written as they come:
memory does not grow with them.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from multiprocessing import get_context

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from data.demo import truth
from data.demo.block import Block, draw_block
from data.demo.effect import Effect, described, effect, mean_effect
from data.demo.field import field
from data.demo.frame import entries, events_of
from data.demo.intent import LIFE_DAYS, Intent
from data.demo.mail import mail
from data.demo.pipeline import endings, stages
from data.demo.record import LATE_SHARE, Clues, joined
from data.demo.site import site
from data.demo.working_time import WorkingTime, working_time
from features.arrays import FloatArray, IntArray
from features.errors import LogError
from features.in_turn import in_turn
from features.log import (
    FIRST_YEAR,
    LAST_YEAR,
    Location,
    LogAbout,
    new_log_folder,
    write_about,
    write_events,
)

TRUTH_FILE = "truth.parquet"
END = date(2026, 11, 23)
LOG_DAYS = 548  # 18 months
BLOCK_LEADS = 1000
EVENTS_A_LEAD = 61  # about
AHEAD = 2  # blocks that wait for each process
AFTER_LIFE_DAYS = 7  # a loss may wait for a working day
MOST_LEADS = 9_999_999  # identifiers have seven digits
# Of a log within the years that an importer takes.
FIRST_END = date(FIRST_YEAR, 1, 1) + timedelta(days=LOG_DAYS - 1)
LAST_END = date(LAST_YEAR, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedLog:
    """What was generated: `won` and `lost` count endings before the log's end, and
    `settled` the leads that entered early enough to have ended."""

    leads: int
    events: int
    moments: int
    won: int
    lost: int
    settled: int
    settled_won: int
    effect: Effect

    @property
    def win_rate(self) -> float | None:
        """In [0, 1], over settled leads; None if there is none."""
        return self.settled_won / self.settled if self.settled else None


_Drawn = tuple[pl.DataFrame, pl.DataFrame, GeneratedLog]  # events, truth, counts


def generate(  # noqa: PLR0913 - each is an option
    location: Location,
    *,
    leads: int,
    seed: int,
    end: date = END,
    with_truth: bool = True,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> GeneratedLog:
    """Write the demo log of `leads` leads; the same arguments give the same bytes,
    however many the workers.

    Parameters
    ----------
    end : the log's last day, FIRST_END to LAST_END; it spans `LOG_DAYS` days
    with_truth : else no row of it is written, in a fifth of the time; the events are
        the same
    workers : processes, >= 1; no other where one is enough
    progress : called with the number of leads written so far

    Raises
    ------
    LogError
        If `leads` is not 1 to MOST_LEADS, `seed` is negative, `end` is out of its
        bounds, or `location` already holds something.
    """
    if not 1 <= leads <= MOST_LEADS:
        raise LogError(f"leads: {leads} is not from 1 to {MOST_LEADS}")
    if seed < 0:
        raise LogError(f"seed: {seed} is negative")
    if not FIRST_END <= end <= LAST_END:
        raise LogError(f"end: {end} is not from {FIRST_END} to {LAST_END}")
    wish = _Wish(leads, seed, end, with_truth)
    counts: list[GeneratedLog] = []
    with (
        new_log_folder(location) as draft,
        pq.ParquetWriter(draft / TRUTH_FILE, _arrow(truth.SCHEMA)) as truths,
        _blocks(wish, workers) as blocks,
    ):

        def events() -> Iterator[pl.DataFrame]:
            for of_events, of_truth, count in blocks:
                truths.write_table(of_truth.to_arrow().cast(truths.schema))
                counts.append(count)
                if progress:
                    progress(sum(count.leads for count in counts))
                yield of_events

        write_events(draft, events(), n_events=leads * EVENTS_A_LEAD)
        total = _sum(counts)
        write_about(draft, _about(total, seed, end))
    return total


def _arrow(schema: pl.Schema) -> pa.Schema:
    return pl.DataFrame(schema=schema).to_arrow().schema


@dataclass(frozen=True, slots=True)
class _Wish:
    leads: int
    seed: int
    end: date
    with_truth: bool


@contextmanager
def _blocks(wish: _Wish, workers: int) -> Iterator[Iterator[_Drawn]]:
    """The blocks, in the order of entry of their leads."""
    numbers = range(-(-wish.leads // BLOCK_LEADS))
    if min(workers, len(numbers)) == 1:
        yield (_block(wish, number) for number in numbers)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"))
    try:
        tasks = (pool.submit(_block, wish, number) for number in numbers)
        yield in_turn(tasks, AHEAD * workers)
    finally:
        pool.shutdown(cancel_futures=True)


def _block(wish: _Wish, number: int) -> _Drawn:
    days = _working_days(wish.end)
    # The block's seed is SeedSequence(seed).spawn(…)[number].
    seed = np.random.SeedSequence(wish.seed, spawn_key=(number,))
    rng = np.random.default_rng(seed)
    start = number * BLOCK_LEADS
    numbers = np.arange(start, min(start + BLOCK_LEADS, wish.leads))
    share = (numbers + rng.random(len(numbers))) / wish.leads
    block = draw_block(rng, days, numbers + 1, _entry_days(days, share))
    return _drawn(rng, block, number, wish.with_truth)


@lru_cache(maxsize=1)
def _working_days(end: date) -> WorkingTime:
    first = end - timedelta(days=LOG_DAYS - 1)
    return working_time(first, LOG_DAYS + LIFE_DAYS + 30)


def _entry_days(days: WorkingTime, share: FloatArray) -> IntArray:
    """(leads,): the day by which `share`, in [0, 1), of all leads have entered."""
    reached = days.lead_clock[1 : LOG_DAYS + 1] / days.lead_clock[LOG_DAYS]
    return np.searchsorted(reached, share, side="right")


def _drawn(
    rng: np.random.Generator, block: Block, number: int, with_truth: bool
) -> _Drawn:
    mailed, mails, automated = mail(rng, block)
    in_field, met = field(rng, block)
    visits = site(rng, block, met)
    pipeline, stage, deals = stages(rng, block, mails, automated)
    part = joined([mailed, in_field, visits, pipeline])
    records = [entries(block), *part.records, *endings(rng, block, stage, deals)]
    events = events_of(rng, block, records, number)
    log_end = datetime.combine(block.time.first, time.min, UTC) + timedelta(LOG_DAYS)
    events = events.filter(pl.col("received_at") < log_end)
    weeks = truth.SCHEMA.to_frame()
    if with_truth:
        evidence = truth.Evidence(
            block=block,
            clues=Clues.by_day(part.clues),
            channels=part.channels,
            mails=mails,
        )
        weeks = truth.truth_of(evidence, LOG_DAYS)
    return events, weeks, _counts(block, events, len(weeks))


def _counts(block: Block, events: pl.DataFrame, moments: int) -> GeneratedLog:
    settled = block.entry_day + LIFE_DAYS < LOG_DAYS - AFTER_LIFE_DAYS
    won, lost = (
        events.filter(kind=kind)["lead_id"].n_unique() for kind in ("won", "lost")
    )
    return GeneratedLog(
        leads=len(block.lead_ids),
        events=len(events),
        moments=moments,
        won=won,
        lost=lost,
        settled=int(settled.sum()),
        settled_won=int((settled & block.lives.won).sum()),
        effect=effect(block),
    )


def _sum(counts: list[GeneratedLog]) -> GeneratedLog:
    return GeneratedLog(
        effect=mean_effect([count.effect for count in counts]),
        **{
            name: sum(getattr(count, name) for count in counts)
            for name in GeneratedLog.__slots__
            if name != "effect"
        },
    )


def _about(total: GeneratedLog, seed: int, end: date) -> LogAbout:
    return LogAbout(
        name="demo",
        provenance={
            "generator": "data.generate",
            "leads": total.leads,
            "seed": seed,
            "end": end.isoformat(),
            "events": total.events,
            "horizon_days": truth.HORIZON_DAYS,
            "longest_life_days": LIFE_DAYS,
            "intent_states": [state.name.lower() for state in Intent],
            "late_share": LATE_SHARE,
            "automated_sequence": described(total.effect),
        },
    )
