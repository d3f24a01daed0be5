"""Events dealt to buckets on disk, however many they are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from features.event import EVENT_SCHEMA
from features.log.events import check_columns, lead_ids
from features.log.manifest import buckets_of

EVENTS_AT_ONCE = 1_000_000  # in memory: about 0.5 GB


class Spill:
    """Files of Arrow in a folder, each of many events, with a batch for each bucket."""

    def __init__(self, folder: Path, buckets: int) -> None:
        self._folder, self._buckets = folder, buckets
        self._batches: dict[int, list[tuple[Path, int]]] = defaultdict(list)

    def deal(self, events: Iterable[pl.DataFrame], place: str) -> None:
        """Add events; leads get their ids as they are kept, where they have one.

        Raises LogError that names the place if a column is missing or of another type.
        """
        for number, some in enumerate(_gathered(events, place)):
            self._write(self._folder / f"{number:06}.arrow", some)

    def _write(self, path: Path, events: pl.DataFrame) -> None:
        import pyarrow as pa

        leads, _ = lead_ids(events["lead_id"])
        bucket = buckets_of(leads, self._buckets).alias("bucket")
        dealt = events.with_columns(leads, bucket).partition_by(
            "bucket", as_dict=True, include_key=False
        )
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        schema = EVENT_SCHEMA.to_frame().to_arrow(compat_level=_PLAIN).schema
        with pa.ipc.new_file(path, schema, options=options) as file:
            for place, ((number,), some) in enumerate(dealt.items()):
                table = some.rechunk().to_arrow(compat_level=_PLAIN)
                file.write_batch(table.combine_chunks().to_batches()[0])
                self._batches[number].append((path, place))

    @property
    def numbers(self) -> list[int]:
        """The buckets that got events."""
        return sorted(self._batches)

    def bucket(self, number: int) -> pl.DataFrame:
        """The events of a bucket."""
        return pl.concat(_batch(*each) for each in self._batches[number])


_PLAIN = pl.CompatLevel.oldest()  # what Arrow's files hold


def _batch(path: Path, place: int) -> pl.DataFrame:
    import pyarrow as pa

    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        read = pl.from_arrow(file.get_batch(place))
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
