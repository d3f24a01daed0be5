from datetime import UTC, date, datetime

import pytest

from governance.policy.business_days import due_date
from governance.policy.task import owner_of


@pytest.mark.parametrize(
    ("now", "days", "expected"),
    [
        pytest.param("2026-11-24T09:00Z", 2, date(2026, 11, 26), id="plain"),
        pytest.param("2026-11-27T09:00Z", 1, date(2026, 11, 30), id="weekend"),
        pytest.param("2026-12-24T09:00Z", 1, date(2026, 12, 28), id="christmas"),
        pytest.param("2026-07-13T09:00Z", 1, date(2026, 7, 15), id="14-july"),
        pytest.param("2026-05-13T09:00Z", 1, date(2026, 5, 15), id="ascension"),
        pytest.param("2026-11-28T09:00Z", 0, date(2026, 11, 30), id="saturday"),
        pytest.param("2026-11-24T23:30Z", 1, date(2026, 11, 26), id="paris"),
    ],
)
def test_due_dates_count_french_working_days(
    now: str, days: int, expected: date
) -> None:
    assert due_date(datetime.fromisoformat(now), days) == expected


def test_a_negative_number_of_days_is_an_error() -> None:
    with pytest.raises(ValueError, match="negative"):
        due_date(datetime(2026, 1, 1, tzinfo=UTC), -1)


@pytest.mark.parametrize("nobody", [None, "", "   "])
def test_somebody_always_answers_for_a_lead(nobody: str | None) -> None:
    assert owner_of(nobody, "Direction commerciale") == "Direction commerciale"
