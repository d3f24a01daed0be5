"""Numbers, durations, days and lists, as French says them."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.language import MINUS, Language, sentence
from tests.explanations.test_wording import wording

TUESDAY = date(2026, 11, 24)


def speech() -> Language:
    return wording().language


@pytest.mark.parametrize(
    ("hours", "french"),
    [
        (0.0, "moins d’une heure"),
        (0.99, "moins d’une heure"),
        (1.0, "1\xa0h"),
        (23.99, "23\xa0h"),
        (47.9, "47\xa0h"),
        (48.0, "2\xa0jours"),
    ],
)
def test_a_duration_is_told(hours: float, french: str) -> None:
    assert speech().duration(hours) == french


@pytest.mark.parametrize(
    ("count", "french"),
    [
        (0, "moins d’un jour"),
        (1, "1\xa0jour"),
        (2, "2\xa0jours"),
        (60, "60\xa0jours"),
        (61, "2\xa0mois"),
        (730, "23\xa0mois"),
        (731, "2\xa0ans"),
        (400_000, "1\u202f095\xa0ans"),
    ],
)
def test_days_are_told(count: int, french: str) -> None:
    assert speech().days(count) == french


@pytest.mark.parametrize(
    ("days", "french"),
    [
        (0, "il y a moins d’une heure"),
        (3 / 24, "il y a 3\xa0h"),
        (23 / 24, "il y a 23\xa0h"),
        (1, "hier"),
        (18, "il y a 18\xa0jours"),
        (95, "il y a 3\xa0mois"),
    ],
)
def test_the_past_is_told(days: float, french: str) -> None:
    assert speech().ago(days) == french


@pytest.mark.parametrize(
    ("days", "french"),
    [
        (0.5, "depuis 12\xa0h"),
        (1, "depuis hier"),
        (18, "depuis 18\xa0jours"),
    ],
)
def test_what_lasts_is_told(days: float, french: str) -> None:
    assert speech().since(days) == french


@pytest.mark.parametrize(
    ("which", "french"),
    [
        (TUESDAY, "mardi 24 novembre"),
        (date(2026, 12, 1), "mardi 1ᵉʳ décembre"),
        (date(2026, 12, 11), "vendredi 11 décembre"),
        (date(2027, 1, 4), "lundi 4 janvier 2027"),
    ],
    ids=["plain", "first", "eleventh", "another year"],
)
def test_a_day_is_told(which: date, french: str) -> None:
    assert speech().day(which, TUESDAY) == french


@pytest.mark.parametrize(
    ("amount", "french"),
    [
        (0, "0\xa0€"),
        (999.6, "1\u202f000\xa0€"),
        (1_234_567, "1\u202f234\u202f567\xa0€"),
    ],
)
def test_an_amount_is_told_in_whole_euros(amount: float, french: str) -> None:
    assert speech().euros(amount) == french


@pytest.mark.parametrize(
    ("share", "percent"),
    [(0.0, 0), (0.004, 0), (0.8, 80), (0.996, 99), (1.0, 100)],
)
def test_a_share_is_not_told_as_all_when_it_is_not(share: float, percent: int) -> None:
    assert speech().percentage(share) == f"{percent}\xa0%"


@pytest.mark.parametrize(
    ("points", "signed", "count"), [(12, "+12", 12), (-1, f"{MINUS}1", 1), (0, "0", 0)]
)
def test_points_have_their_sign(points: int, signed: str, count: int) -> None:
    assert speech().signed(points) == {"signed": signed, "count": count}


def test_a_list_is_told_in_a_row_or_line_by_line() -> None:
    items = ["un appel", "un e-mail", "un devis"]
    assert speech().joined(items) == "un appel, un e-mail et un devis"
    assert speech().bullets(items[:2]) == "–\xa0un appel\xa0;\n–\xa0un e-mail."


def test_a_sentence_has_its_capital_and_its_stop() -> None:
    assert sentence("à vous de juger") == "À vous de juger."


TOLD: list[Callable[[Language, float], str]] = [
    Language.duration,
    Language.ago,
    Language.since,
    Language.euros,
    lambda language, value: language.days(int(value)),
    lambda language, value: language.day(
        TUESDAY + timedelta(days=int(value % 10_000)), TUESDAY
    ),
]


@given(value=st.floats(0, 1e6), which=st.sampled_from(TOLD))
def test_whatever_is_counted_has_a_text(
    value: float, which: Callable[[Language, float], str]
) -> None:
    told = which(speech(), value)
    assert told == told.strip()
    assert "{" not in told
    assert (" 1 " in f" {told} ".replace("\xa0", " ")) <= (not told.endswith("s"))
