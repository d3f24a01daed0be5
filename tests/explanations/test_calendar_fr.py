"""The French calendar: days in Paris, and working days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from explanations.calendar_fr import days_between, due_day, gone_by

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # 13:00 in Paris, a Tuesday


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (NOON, 0),
        (NOON - timedelta(minutes=59), 0),
        (NOON - timedelta(hours=3, minutes=59), 3 / 24),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), 13 / 24),
        (datetime(2026, 11, 23, 22, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), 2),
        (NOON + timedelta(hours=2), 0),
    ],
    ids=["now", "minutes", "hours", "midnight", "yesterday", "two days", "later"],
)
def test_today_is_told_in_hours_and_the_past_in_days(at: datetime, days: float) -> None:
    assert gone_by(at, NOON) == days


def test_a_day_of_25_hours_is_still_today() -> None:
    midnight = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # Sunday 0:00 in Paris
    assert gone_by(midnight, midnight + timedelta(hours=24.9)) == 23 / 24
    assert gone_by(midnight, midnight + timedelta(hours=25)) == 1


def test_the_days_of_a_change_to_winter_time_are_counted() -> None:
    before = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # Sunday 0:30 in Paris
    after = datetime(2026, 10, 25, 23, 30, tzinfo=UTC)  # Monday 0:30, 25 h later
    assert days_between(before, after) == 1


@pytest.mark.parametrize(
    ("today", "days", "due"),
    [
        (date(2026, 11, 24), 1, date(2026, 11, 25)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 11, 28), 1, date(2026, 12, 1)),
        (date(2026, 5, 13), 1, date(2026, 5, 15)),
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
    ],
    ids=["plain", "weekend", "from a Saturday", "Ascension", "Christmas", "New Year"],
)
def test_a_due_day_is_a_working_day(today: date, days: int, due: date) -> None:
    assert due_day(today, days) == due
