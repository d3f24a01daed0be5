from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest

from tests.training.builders import (
    HORIZON_DAYS,
    day,
    make_moments,
    make_visit_catalogue,
    make_visit_log,
)
from training.dataset.split import (
    before_and_after,
    newest_leads_from,
    refuse_one_sided,
    time_blocks,
)
from training.errors import TrainingError

MOMENTS, _ = make_moments(make_visit_log(n_leads=120), make_visit_catalogue())


def leads_of(frame: object) -> set[str]:
    return set(frame["lead_id"])  # type: ignore[index] # a frame


@pytest.mark.parametrize(("train_before", "test_from"), [(80, 80), (60, 100)])
def test_a_lead_never_stands_on_both_sides(
    train_before: float, test_from: float
) -> None:
    before, after = before_and_after(
        MOMENTS,
        train_before=day(train_before),
        test_from=day(test_from),
        horizon_days=HORIZON_DAYS,
    )
    assert before.height
    assert after.height
    assert not leads_of(before) & leads_of(after)


def test_a_training_moment_has_its_horizon_before_the_cut() -> None:
    horizon = timedelta(days=HORIZON_DAYS)
    last = MOMENTS["moment"].sort()[40]
    at_it, just_before = (
        before_and_after(
            MOMENTS, train_before=cut, test_from=cut, horizon_days=HORIZON_DAYS
        )[0]
        for cut in (last + horizon, last + horizon - timedelta(microseconds=1))
    )
    assert last in at_it["moment"]
    assert last not in just_before["moment"]


def test_a_test_lead_begins_at_the_cut_or_after() -> None:
    begun = MOMENTS["first_at"].sort()[200]
    _, after = before_and_after(
        MOMENTS, train_before=begun, test_from=begun, horizon_days=HORIZON_DAYS
    )
    assert after["first_at"].min() == begun


def test_testing_before_the_training_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="before train_before"):
        before_and_after(
            MOMENTS, train_before=day(80), test_from=day(79), horizon_days=HORIZON_DAYS
        )


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_newest_share_counts_leads_not_moments(share: float) -> None:
    begins = newest_leads_from(MOMENTS, share=share)
    newest = MOMENTS.filter(MOMENTS["first_at"] >= begins)
    n_leads = MOMENTS["lead_id"].n_unique()
    assert newest["lead_id"].n_unique() == pytest.approx(share * n_leads, abs=1)


def test_blocks_hold_every_row_out_once_and_no_lead_on_both_sides() -> None:
    held_out_rows: list[int] = []
    for fitted, held_out in time_blocks(MOMENTS, n_blocks=4):
        assert not leads_of(MOMENTS[fitted]) & leads_of(MOMENTS[held_out])
        held_out_rows += held_out.tolist()
    assert sorted(held_out_rows) == list(range(MOMENTS.height))


def test_blocks_are_contiguous_in_time() -> None:
    spans = [
        (MOMENTS[held_out]["first_at"].min(), MOMENTS[held_out]["first_at"].max())
        for _, held_out in time_blocks(MOMENTS, n_blocks=4)
    ]
    assert all(
        earlier[1] < later[0]  # type: ignore[operator] # datetimes
        for earlier, later in pairwise(spans)
    )


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
