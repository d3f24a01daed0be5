"""Import of a file as a log: every row is accepted, or rejected with its reason.

The file is read block by block, and its rows are dealt to buckets of leads on disk:
what needs the whole (repeats, ties, attributes that change) is settled bucket by
bucket. What memory holds doesn't grow with the file.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile

import polars as pl

from data.importing.block import Block, Refused
from data.importing.counts import ImportCounts
from data.importing.errors import ImportFailedError
from data.importing.formats import read_blocks, unit_of
from data.importing.header import refuse_absent
from data.importing.mapping import EventMapping, Mapping
from data.importing.refusals import Refusals
from data.importing.shapes import MappedBlock, Settled, mapped, settled
from data.importing.source import digest
from features.in_turn import in_turn
from features.log import (
    LogAbout,
    Spill,
    buckets_for,
    new_log_folder,
    write_about,
    write_buckets,
)

REJECTED_FILE = "rejected.csv"
MAX_REJECTED = 0.05  # share of the rows read: the issue "Import"
_THREADS = 2  # each of them calls Polars, which takes the cores that are free
_AHEAD = 3  # blocks that wait

Progress = Callable[[str], None]


def import_file(
    source: Path,
    mapping: Mapping,
    out: Path,
    *,
    max_rejected: float = MAX_REJECTED,
    progress: Progress | None = None,
) -> ImportCounts:
    """Import a file as the log `out`: by its name Parquet, JSON Lines, XES, or CSV.

    The log appears whole, with its rejected rows in `rejected.csv`, or not at all.
    Events of a lead that share a time are put 1 µs apart in the mapping's order, so
    that "before" has one meaning for whoever reads the log.

    Raises
    ------
    ImportFailedError
        If the source can't be read, lacks a column, has no sound row, or more than
        `max_rejected` of its rows are rejected: these then stand beside `out`, in
        `<out>.rejected.csv`.
    LogError
        If `out` already holds something, or cannot be written.
    """
    if not 0 <= max_rejected <= 1:
        raise ImportFailedError(
            f"max-rejected is {max_rejected}: give a share between 0 and 1"
        )
    with ExitStack() as stack:
        draft = stack.enter_context(new_log_folder(out))
        files = stack.enter_context(ExitStack())
        pool = stack.enter_context(ThreadPoolExecutor(_THREADS))
        run = _Run(source, mapping, files, pool, progress or (lambda _: None))
        sha256 = pool.submit(digest, source)
        run.read()
        run.refuse_too_many(out, max_rejected)
        counts = run.write(draft)
        write_about(draft, _about(source, sha256.result(), mapping, counts))
        run.refusals.write(draft / REJECTED_FILE)
    return counts


class _Run:
    """An import under way: first `read`, then `write`."""

    def __init__(
        self,
        source: Path,
        mapping: Mapping,
        files: ExitStack,
        pool: ThreadPoolExecutor,
        say: Progress,
    ) -> None:
        file = TemporaryFile()  # noqa: SIM115 - the stack closes it
        self.refusals = Refusals(files.enter_context(file), unit_of(source))
        self._source, self._mapping, self._files = source, mapping, files
        self._pool, self._say = pool, say
        self._by_lead = self._by_id = Spill(1, files)
        self._contradicting = pl.Series("line", dtype=pl.Int64)
        self._accepted = 0
        self._unread: Counter[str] = Counter()

    def read(self) -> None:
        """Deal the sound rows to buckets, and keep the others apart."""
        self._say(f"reading {self._source}")
        names: dict[str, None] = {}
        for block in in_turn(self._tasks(), _AHEAD):
            names |= dict.fromkeys(block.names)
            self.refusals.add(block.refused)
            self._accepted += block.accepted
            self._unread.update(block.unread)
            self._say(f"{self._n_read:,} rows read")
        self._refuse_nothing(has_names=bool(names))
        refuse_absent(str(self._source), self._mapping.named_columns(), [*names])
        self._refuse_contradictions()

    def _tasks(self) -> Iterator[Future[MappedBlock]]:
        for rank, block in enumerate(read_blocks(self._source, self._mapping)):
            if not rank:
                rows = len(block.lines) / max(block.share_read, 1e-6)
                buckets = buckets_for(int(rows))
                self._by_lead = Spill(buckets, self._files)
                self._by_id = Spill(buckets, self._files, by="event_id")
            yield self._pool.submit(self._deal, block, rank)

    def _deal(self, block: Block, rank: int) -> MappedBlock:
        rows, told = mapped(block, self._mapping)
        self._by_lead.add(rows, rank)
        if self._mapping.names_events():
            self._by_id.add(rows.select("event_id", "content", "line"), rank)
        return told

    def write(self, draft: Path) -> ImportCounts:
        """Write the events of the log, bucket by bucket, and count them."""
        settled: list[dict[str, int]] = []

        def events_of(number: int) -> pl.DataFrame:
            bucket = self._settle(number)
            settled.append(bucket.counts)
            written = sum(counts["events"] for counts in settled)
            self._say(f"{written:,} events written")
            return bucket.events

        write_buckets(draft, self._by_lead, events_of)
        whole = sum(map(Counter, settled), Counter({"events": 0}))
        return ImportCounts(
            read=self._n_read,
            accepted=self._accepted,
            rejected=len(self.refusals),
            reasons=self.refusals.commonest(),
            unread=dict(self._unread),
            **{name: whole[name] for name in settled[0]},
        )

    def refuse_too_many(self, out: Path, limit: float) -> None:
        rejected = len(self.refusals)
        if self._accepted and rejected <= limit * self._n_read:
            return
        beside = out.with_name(f"{out.name}.{REJECTED_FILE}")
        self.refusals.write(beside)
        raise ImportFailedError(
            f"{self._source}: {rejected:,} of {self._n_read:,} rows rejected "
            f"({rejected / self._n_read:.1%}, at most {limit:.1%} allowed); "
            f"no log was written.\n{self.refusals}\n"
            f"All of them stand in {beside}: correct the mapping or the file, "
            "or allow more with --max-rejected"
        )

    @property
    def _n_read(self) -> int:
        return self._accepted + len(self.refusals)

    def _settle(self, number: int) -> Settled:
        rows = self._by_lead.bucket(number)
        if len(self._contradicting):
            rows = rows.filter(~pl.col("line").is_in(self._contradicting.implode()))
        return settled(rows, self._mapping)

    def _refuse_nothing(self, *, has_names: bool) -> None:
        if not self._n_read:
            held = "a header and no row" if has_names else "no row"
            raise ImportFailedError(f"{self._source} holds {held}: export it again")
        if not has_names:
            first = self.refusals.first
            raise ImportFailedError(
                f"{self._source}, {self.refusals.unit} {first.line}: {first.reason} "
                f"({first.text[:100]}); no row of the file can be read"
            )

    def _refuse_contradictions(self) -> None:
        """Refuse a row whose event_id an earlier sound row gave to other content."""
        found = [_contradictions(self._by_id.bucket(n)) for n in self._by_id.numbers]
        if not sum(some.height for some in found):
            return
        rows = pl.concat(found)
        self._contradicting = rows["line"]
        reasons = dict(
            rows.select(
                "line",
                pl.format(
                    "event_id {} stands on {} {} with other content",
                    "event_id",
                    pl.lit(self.refusals.unit),
                    "first",
                ),
            ).iter_rows()
        )
        self._accepted -= rows.height
        # their texts are not kept: few files need them
        for block in read_blocks(self._source, self._mapping):
            self.refusals.add_among(
                Refused(line, reasons[line], block.text_of(place))
                for place, line in enumerate(block.lines)
                if line in reasons
            )


def _contradictions(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose event_id the `first` of another content has."""
    first = rows.select("event_id", "content", "line").with_columns(
        first=pl.col("line").first().over("event_id"),
        contradicts=pl.col("content") != pl.col("content").first().over("event_id"),
    )
    return first.filter("contradicts").select("event_id", "line", "first")


def _about(
    source: Path, sha256: str, mapping: Mapping, counts: ImportCounts
) -> LogAbout:
    recorded = isinstance(mapping, EventMapping) and mapping.columns.received_at
    return LogAbout(
        name=mapping.name,
        received_at="recorded" if recorded else "assumed",
        won_kinds=mapping.won_kinds,
        lost_kinds=mapping.lost_kinds,
        provenance={
            "file": source.name,
            "sha256": sha256,
            "rows": asdict(counts),
            "ties": "events of a lead that shared a time stand 1 µs apart, "
            f"in the order of tie_order, then by {unit_of(source)}",
            "tie_order": list(mapping.ranking()),
            "mapping": mapping.model_dump(mode="json", exclude_none=True),
        },
    )
