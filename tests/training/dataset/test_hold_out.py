from datetime import UTC, datetime

import polars as pl
import pytest

from training.dataset.hold_out import refuse_one_sided
from training.errors import TrainingError

BEGINS = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("won", "told"),
    [
        pytest.param([], "no lead that began since 2026-03-01, ", id="no lead"),
        pytest.param([False] * 3, "none of the 3 leads that began", id="none won"),
        pytest.param([True] * 3, "every one of the 3 leads that", id="all won"),
    ],
)
def test_a_hold_out_of_one_side_says_which(won: list[bool], told: str) -> None:
    leads = [f"L-{number}" for number in range(len(won))]
    moments = pl.DataFrame(
        {"lead_id": leads, "won": won}, {"lead_id": pl.String, "won": pl.Boolean}
    )
    with pytest.raises(TrainingError, match=f"the hold-out: {told}"):
        refuse_one_sided(moments, BEGINS)
