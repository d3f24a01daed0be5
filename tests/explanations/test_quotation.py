"""A quoted note says what the note says, on one line, and breaks nothing."""

import re
import unicodedata
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.quotation import MOST_QUOTED, quoted

LONG = (
    "Rendez-vous avec la responsable du projet. Bonne discussion, les besoins sont "
    "clairs. Le budget de l’année est déjà engagé."
)
BREAKING = (
    "\n\r\t\x00\x1b\x85\u2028\u2029\u200b\u202e\u2066\u2069\ufeff"
    "«»–-•;:. …\xa0\u202f\u0301"
)
NOTES = st.one_of(
    st.text(max_size=300),
    st.text(alphabet=st.sampled_from("aé’ ." + BREAKING), max_size=300),
    st.lists(st.sampled_from(["prix", "d’accord", "«", "»", "–", "\n", "trop"])).map(
        " ".join
    ),
)


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("Le tarif leur paraît élevé.", "Le tarif leur paraît élevé"),
        (LONG, "… Le budget de l’année est déjà engagé"),
        (
            f"{LONG} Rappeler M. Lefèvre.",
            "… Le budget de l’année est déjà engagé. Rappeler M. Lefèvre",
        ),
        (
            f"{LONG} Ils voudraient être livrés bien plus tôt que ce que nous leur "
            "avons proposé hier.",
            "… Ils voudraient être livrés bien plus tôt que ce que nous leur avons "
            "proposé…",
        ),
        (
            "Ils voudraient être livrés bien plus tôt que ce que nous leur avons "
            "proposé hier matin.",
            "Ils voudraient être livrés bien plus tôt que ce que nous leur avons "
            "proposé…",
        ),
        ("Bon accueil.\n– Prix à revoir ;\n– Rappeler.", None),
        ("\u2067prix\u2069 \u202e!", "prix !"),
        ("Il dit «\xa0trop cher\xa0» et raccroche", "Il dit “trop cher” et raccroche"),
        ("Prêts\xa0: dès lundi", "Prêts\xa0: dès lundi"),
        ("x" * 200, "x" * 79 + "…"),
        ("Rappeler au 06 12 34 56 78 lundi", "Rappeler au … lundi"),
        ("Son portable\xa0: +33 (0)6.12.34.56.78.", "Son portable\xa0: …"),
        ("0033612345678 ou 06 123 456 78", "… ou …"),
        ("Écrire à l.roux+crm@exemple.co.uk, vite", "Écrire à …, vite"),
        ("01 23 45 67 89", ""),
        (
            "Vu le 24/11/2026 10:30, 12 500 000 €",
            "Vu le 24/11/2026 10:30, 12 500 000 €",
        ),
        ("de\u0301ja\u200d\u0300 vu", "déjà vu"),
        ("", ""),
        (" \n…\t", ""),
    ],
    ids=[
        "short",
        "last sentence",
        "last sentences",
        "last sentence, cut",
        "one sentence, cut",
        "list",
        "isolates",
        "quotes",
        "typography",
        "one long word",
        "a telephone number",
        "one from abroad",
        "two of them",
        "an address",
        "nothing else",
        "a date and an amount",
        "a mark apart",
        "empty",
        "no word",
    ],
)
def test_a_note_is_quoted(note: str, told: str | None) -> None:
    if told is None:
        told = "Bon accueil. – Prix à revoir ; – Rappeler"
    assert quoted(note) == told


@given(NOTES)
def test_the_words_quoted_are_the_notes_own(note: str) -> None:
    assert own(quoted(note)) in seen(note)


@given(NOTES)
def test_words_are_whole_unless_one_alone_is_too_long(note: str) -> None:
    words = re.split(SPACES, own(quoted(note)))
    there = re.split(SPACES, seen(note))
    if len(words) > 1:
        assert words[0] in there or words[0] in {one.lstrip(MARKS) for one in there}
        assert words[-1] in {one.rstrip(MARKS) for one in there} | {*there}


@given(NOTES)
def test_a_quote_is_one_short_line_that_closes_no_mark(note: str) -> None:
    told = quoted(note)
    assert len(told) <= MOST_QUOTED
    assert not set(told) & set("«»\n\r\t\x0b\x0c\x1c\x85\u2028\u2029")
    assert not re.search(r"\s\s|^\s|\s$", told)
    assert {unicodedata.category(one) for one in told} <= SHOWN


@given(NOTES)
def test_quoting_again_changes_nothing(note: str) -> None:
    assert quoted(quoted(note)) == quoted(note)


SPACES = r"[ \xa0\u202f]+"
MARKS = ".,;:-–—•*·>"
SHOWN = {
    *("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd"),
    *("Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Co", "Cn"),
}


def own(told: str) -> str:
    """What is quoted, without the marks of what was left out."""
    return told.removeprefix("… ").removesuffix("…").rstrip()


def seen(note: str) -> str:
    """The note as a reader sees it on one line, told another way than `quoted`."""
    composed = unicodedata.normalize("NFC", note)
    spaced = re.sub(r"(?![\xa0\u202f])\s", " ", composed)
    kept = [one for one in spaced if unicodedata.category(one) in SHOWN]
    inner = re.sub(r"«\s*", "“", "".join(kept))
    return re.sub(r"\s{2,}", " ", re.sub(r"\s*»", "”", inner))


@pytest.mark.parametrize(
    "pasted",
    [
        pytest.param("0123456789abcdef" * 2**16, id="a-picture"),
        pytest.param("a\u0327\u0301" + "\u0327\u0301" * 2**19, id="accents"),
        pytest.param(" " * 2**19 + "@ »" * 2**17, id="spaces"),
    ],
)
def test_a_note_of_a_mebibyte_is_quoted_in_linear_time(pasted: str) -> None:
    """It took minutes where it took the square of the length."""
    begun = perf_counter()
    told = quoted(f"{pasted} Voilà. Rappeler jo@exemple.fr lundi.")
    assert perf_counter() - begun < 10
    assert told.endswith(" Rappeler … lundi")
    assert len(told) <= MOST_QUOTED


def test_an_address_right_after_another_is_left_out_as_well() -> None:
    assert quoted("jo@exemple.fr+li@exemple.fr") == ""
    assert quoted("de jo@exemple.fr, li @ exemple.fr et a@b") == "de …, … et a@b"
