"""Events dealt to buckets on disk, however many they are."""

import mmap
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import IO

import polars as pl

from features.event import EVENT_SCHEMA
from features.log.events import check_columns, lead_ids, naming
from features.log.manifest import buckets_of

EVENTS_AT_ONCE = 1_000_000  # in memory: about 0.5 GB


class Spill:
    """Temporary files of Arrow, each of many events, with a batch for each bucket.

    They have no name: whoever is killed leaves nothing of what leads did.
    """

    def __init__(self, buckets: int, files: ExitStack) -> None:
        self._buckets, self._files = buckets, files
        self._batches: dict[int, list[tuple[IO[bytes], int]]] = defaultdict(list)

    def deal(self, events: Iterable[pl.DataFrame], place: str) -> None:
        """Add events; leads get their ids as they are kept, where they have one.

        Raises LogError that names the place if a column is missing or of another type.
        """
        for some in _gathered(events, place):
            file = TemporaryFile()  # noqa: SIM115 - the stack closes it
            self._write(self._files.enter_context(file), some)

    def _write(self, file: IO[bytes], events: pl.DataFrame) -> None:
        import pyarrow as pa

        leads, _ = lead_ids(events["lead_id"])
        bucket = buckets_of(leads, self._buckets).alias("bucket")
        dealt = events.with_columns(leads, bucket).partition_by(
            "bucket", as_dict=True, include_key=False
        )
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        schema = EVENT_SCHEMA.to_frame().to_arrow(compat_level=_PLAIN).schema
        with pa.ipc.new_file(file, schema, options=options) as batches:
            for place, ((number,), some) in enumerate(dealt.items()):
                table = some.rechunk().to_arrow(compat_level=_PLAIN)
                batches.write_batch(table.combine_chunks().to_batches()[0])
                self._batches[number].append((file, place))
        file.flush()

    @property
    def numbers(self) -> list[int]:
        """The buckets that got events."""
        return sorted(self._batches)

    def bucket(self, number: int) -> pl.DataFrame:
        """The events of a bucket."""
        return pl.concat(_batch(*each) for each in self._batches[number])


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
