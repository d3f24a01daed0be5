"""Numbers, durations, days and lists, as each language says them."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.language import MINUS, Language, sentence
from tests.explanations.test_wording import LANGUAGES, wording

TUESDAY = date(2026, 11, 24)


def speech(language: str) -> Language:
    return wording(language).language


@pytest.mark.parametrize(
    ("hours", "french", "english"),
    [
        (0.0, "moins d’une heure", "less than an hour"),
        (0.99, "moins d’une heure", "less than an hour"),
        (1.0, "1\xa0h", "1 hour"),
        (23.99, "23\xa0h", "23 hours"),
        (47.9, "47\xa0h", "47 hours"),
        (48.0, "2\xa0jours", "2 days"),
    ],
)
def test_a_duration_is_told(hours: float, french: str, english: str) -> None:
    assert speech("fr").duration(hours) == french
    assert speech("en").duration(hours) == english


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (0, "moins d’un jour", "less than a day"),
        (1, "1\xa0jour", "1 day"),
        (2, "2\xa0jours", "2 days"),
        (60, "60\xa0jours", "60 days"),
        (61, "2\xa0mois", "2 months"),
        (730, "23\xa0mois", "23 months"),
        (731, "2\xa0ans", "2 years"),
        (400_000, "1\u202f095\xa0ans", "1,095 years"),
    ],
)
def test_days_are_told(count: int, french: str, english: str) -> None:
    assert speech("fr").days(count) == french
    assert speech("en").days(count) == english


@pytest.mark.parametrize(
    ("days", "french", "english"),
    [
        (0, "il y a moins d’une heure", "less than an hour ago"),
        (3 / 24, "il y a 3\xa0h", "3 hours ago"),
        (23 / 24, "il y a 23\xa0h", "23 hours ago"),
        (1, "hier", "yesterday"),
        (18, "il y a 18\xa0jours", "18 days ago"),
        (95, "il y a 3\xa0mois", "3 months ago"),
    ],
)
def test_the_past_is_told(days: float, french: str, english: str) -> None:
    assert speech("fr").ago(days) == french
    assert speech("en").ago(days) == english


@pytest.mark.parametrize(
    ("days", "french", "english"),
    [
        (0.5, "depuis 12\xa0h", "for 12 hours"),
        (1, "depuis hier", "since yesterday"),
        (18, "depuis 18\xa0jours", "for 18 days"),
    ],
)
def test_what_lasts_is_told(days: float, french: str, english: str) -> None:
    assert speech("fr").since(days) == french
    assert speech("en").since(days) == english


@pytest.mark.parametrize(
    ("which", "french", "english"),
    [
        (TUESDAY, "mardi 24 novembre", "Tuesday 24 November"),
        (date(2026, 12, 1), "mardi 1ᵉʳ décembre", "Tuesday 1 December"),
        (date(2026, 12, 11), "vendredi 11 décembre", "Friday 11 December"),
        (date(2027, 1, 4), "lundi 4 janvier 2027", "Monday 4 January 2027"),
    ],
    ids=["plain", "first", "eleventh", "another year"],
)
def test_a_day_is_told(which: date, french: str, english: str) -> None:
    assert speech("fr").day(which, TUESDAY) == french
    assert speech("en").day(which, TUESDAY) == english


@pytest.mark.parametrize(
    ("amount", "french", "english"),
    [
        (0, "0\xa0€", "€0"),
        (999.6, "1\u202f000\xa0€", "€1,000"),
        (1_234_567, "1\u202f234\u202f567\xa0€", "€1,234,567"),
    ],
)
def test_an_amount_is_told_in_whole_euros(
    amount: float, french: str, english: str
) -> None:
    assert speech("fr").euros(amount) == french
    assert speech("en").euros(amount) == english


@pytest.mark.parametrize(
    ("share", "percent"),
    [(0.0, 0), (0.004, 0), (0.8, 80), (0.996, 99), (1.0, 100)],
)
def test_a_share_is_not_told_as_all_when_it_is_not(share: float, percent: int) -> None:
    assert speech("fr").percentage(share) == f"{percent}\xa0%"
    assert speech("en").percentage(share) == f"{percent}%"


@pytest.mark.parametrize(
    ("points", "signed", "count"), [(12, "+12", 12), (-1, f"{MINUS}1", 1), (0, "0", 0)]
)
def test_points_have_their_sign(points: int, signed: str, count: int) -> None:
    assert speech("fr").signed(points) == {"signed": signed, "count": count}


def test_a_list_is_told_in_a_row_or_line_by_line() -> None:
    items = ["un appel", "un e-mail", "un devis"]
    assert speech("fr").joined(items) == "un appel, un e-mail et un devis"
    assert speech("en").joined(items) == "un appel, un e-mail, and un devis"
    assert speech("fr").bullets(items[:2]) == "–\xa0un appel\xa0;\n–\xa0un e-mail."
    assert speech("en").bullets(items[:2]) == "– un appel;\n– un e-mail."


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


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.floats(0, 1e6), which=st.sampled_from(TOLD))
def test_whatever_is_counted_has_a_text(
    language: str, value: float, which: Callable[[Language, float], str]
) -> None:
    told = which(speech(language), value)
    assert told == told.strip()
    assert "{" not in told
    assert (" 1 " in f" {told} ".replace("\xa0", " ")) <= (not told.endswith("s"))
