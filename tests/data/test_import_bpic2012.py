"""The real log; see ../shared/data/bpic2012/README.md beside the repository."""

from pathlib import Path

import polars as pl
import pytest

from data.importing.importer import import_file
from data.importing.mapping import load_mapping
from features.log import read_log

ROOT = Path(__file__).parents[2]
SOURCE = ROOT.parent / "shared" / "data" / "bpic2012" / "events.csv.gz"
MAPPING = ROOT / "data" / "mappings" / "bpic2012.toml"


@pytest.mark.skipif(
    not SOURCE.exists(), reason=f"the real log is not at {SOURCE} (never committed)"
)
def test_the_real_log_is_imported_whole(tmp_path: Path) -> None:
    counts = import_file(SOURCE, load_mapping(MAPPING), tmp_path / "log")
    assert counts.accepted + counts.rejected == counts.read == 178_917
    assert (counts.rejected, counts.leads) == (0, 8_829)
    log = read_log(tmp_path / "log")
    assert log.events.height == counts.events == 178_917 + 8_829  # attributes_set
    assert not log.events.select("lead_id", "occurred_at").is_duplicated().any()
    assert not _is_known_before_the_outcome(log.events, "offer_declined")


def _is_known_before_the_outcome(events: pl.DataFrame, kind: str) -> bool:
    """Whether an event booked with the outcome stands just before it."""
    following = pl.col("kind").shift(-1).over("lead_id")
    gap = pl.col("occurred_at").shift(-1).over("lead_id") - pl.col("occurred_at")
    pairs = events.sort("lead_id", "occurred_at").filter(
        pl.col("kind") == kind,
        following == "application_declined",
        gap < pl.duration(seconds=1),
    )
    return not pairs.is_empty()
