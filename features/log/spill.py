"""Events, and rows that become some, dealt to buckets on disk, however many."""

import mmap
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO

import polars as pl

from features.event import EVENT_SCHEMA
from features.log.events import check_columns, lead_ids, naming
from features.log.manifest import buckets_of

EVENTS_AT_ONCE = 1_000_000  # in memory: about 0.5 GB
_Place = tuple[int, IO[bytes], int]  # rank, file, which batch of it


class Spill:
    """Temporary files of Arrow, each of many rows, with a batch for each bucket, which
    follows from the texts of the column `by`.

    They have no name: whoever is killed leaves nothing of what leads did.
    """

    def __init__(self, buckets: int, files: ExitStack, by: str = "lead_id") -> None:
        self.buckets, self._files, self._by = buckets, files, by
        self._batches: list[list[_Place]] = [[] for _ in range(buckets)]

    def deal(self, events: Iterable[pl.DataFrame], place: str) -> None:
        """Add events; leads get their ids as they are kept, where they have one.

        Raises LogError that names the place if a column is missing or of another type.
        """
        for rank, some in enumerate(_gathered(events, place)):
            leads, _ = lead_ids(some["lead_id"])
            self.add(some.with_columns(leads), rank)

    def add(self, rows: pl.DataFrame, rank: int) -> None:
        """Add rows; those of a lower rank come before them. Threads may."""
        import pyarrow as pa

        bucket = buckets_of(rows[self._by], self.buckets).alias("bucket")
        dealt = rows.with_columns(bucket).partition_by(
            "bucket", as_dict=True, include_key=False
        )
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        schema = rows.clear().to_arrow(compat_level=_PLAIN).schema
        file = TemporaryFile()  # noqa: SIM115 - the stack closes it
        self._files.enter_context(file)
        with pa.ipc.new_file(file, schema, options=options) as batches:
            for some in dealt.values():
                table = some.rechunk().to_arrow(compat_level=_PLAIN)
                batches.write_batch(table.combine_chunks().to_batches()[0])
        file.flush()
        for nth, (number,) in enumerate(dealt):
            self._batches[number].append((rank, file, nth))

    @property
    def numbers(self) -> list[int]:
        """The buckets that got rows."""
        return [number for number, batches in enumerate(self._batches) if batches]

    def bucket(self, number: int) -> pl.DataFrame:
        """The rows of a bucket."""
        ranked = sorted(self._batches[number], key=itemgetter(0))
        return pl.concat(_batch(file, nth) for _, file, nth in ranked)


@contextmanager
def spilled(
    events: Iterable[pl.DataFrame], buckets: int, place: str
) -> Iterator[Spill]:
    """Events dealt to buckets; raises LogError that names the place."""
    with naming(place), ExitStack() as files:
        spill = Spill(buckets, files)
        spill.deal(events, place)
        yield spill


_PLAIN = pl.CompatLevel.oldest()  # what Arrow's files hold


def _batch(file: IO[bytes], place: int) -> pl.DataFrame:
    import pyarrow as pa

    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    read = pl.from_arrow(pa.ipc.open_file(pa.py_buffer(mapped)).get_batch(place))
    assert isinstance(read, pl.DataFrame)
    return read


def _gathered(events: Iterable[pl.DataFrame], place: str) -> Iterator[pl.DataFrame]:
    """The same events, about EVENTS_AT_ONCE at a time."""
    waiting: list[pl.DataFrame] = []
    for some in events:
        check_columns(some.schema, place)
        for piece in some.select(EVENT_SCHEMA.names()).iter_slices(EVENTS_AT_ONCE):
            waiting.append(piece)
            if sum(each.height for each in waiting) >= EVENTS_AT_ONCE:
                yield pl.concat(waiting)
                waiting = []
    if waiting:
        yield pl.concat(waiting)
