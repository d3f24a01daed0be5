"""Numbers, durations and days in French."""

from datetime import UTC, date, datetime, timedelta

import pytest

from explanations import french

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # 13:00 in Paris, a Tuesday


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (0.0, "moins d’une heure"),
        (0.99, "moins d’une heure"),
        (1.0, "1\xa0h"),
        (23.99, "23\xa0h"),
        (47.9, "47\xa0h"),
        (48.0, "2\xa0jours"),
    ],
)
def test_a_duration_is_told(hours: float, told: str) -> None:
    assert french.duration(hours) == told


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "moins d’un jour"),
        (1, "1\xa0jour"),
        (60, "60\xa0jours"),
        (61, "2\xa0mois"),
        (730, "23\xa0mois"),
        (731, "2\xa0ans"),
    ],
)
def test_days_are_told(count: int, told: str) -> None:
    assert french.days(count) == told


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (NOON, "il y a moins d’une heure"),
        (NOON - timedelta(hours=3, minutes=59), "il y a 3\xa0h"),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), "il y a 13\xa0h"),  # midnight
        (datetime(2026, 11, 23, 22, 59, tzinfo=UTC), "hier"),
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), "dimanche 22 novembre"),
        (datetime(2026, 6, 1, 12, tzinfo=UTC), "lundi 1ᵉʳ juin"),
        (datetime(2025, 12, 1, 12, tzinfo=UTC), "lundi 1ᵉʳ décembre 2025"),
    ],
    ids=["now", "hours", "midnight", "before midnight", "two days", "first", "year"],
)
def test_a_time_is_told_from_a_moment(at: datetime, told: str) -> None:
    assert french.when(at, NOON) == told


def test_the_days_of_a_change_to_winter_time_are_counted() -> None:
    before = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # Sunday 0:30 in Paris
    after = datetime(2026, 10, 25, 23, 30, tzinfo=UTC)  # Monday 0:30, 25 h later
    assert french.days_between(before, after) == 1


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
    assert french.due_day(today, days) == due


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.0, "0\xa0%"), (0.004, "0\xa0%"), (0.996, "99\xa0%"), (1.0, "100\xa0%")],
)
def test_a_share_is_not_told_as_all_when_it_is_not(share: float, told: str) -> None:
    assert french.percentage(share) == told


def test_a_number_has_a_narrow_space_and_a_comma() -> None:
    assert french.number(1234567.25) == "1\u202f234\u202f567,2"
    assert french.euros(999.6) == "1\u202f000\xa0€"


def test_halves_go_up() -> None:
    assert [french.nearest(score) for score in (0.5, 1.5, 2.5, 2.4999)] == [1, 2, 3, 2]
