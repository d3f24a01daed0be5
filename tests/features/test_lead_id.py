"""One form of an id at every door, and what look-alikes share."""

import unicodedata
from hashlib import sha256

import polars as pl
import pytest

from features.errors import LeadIdError
from features.lead_id import lead_id, skeleton
from features.log import lead_ids


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("L-42 ", "L-42"),
        ("\u00a0L\u00a0 42\n", "L 42"),
        (unicodedata.normalize("NFD", "Café"), "Café"),
        ("OPP/2026/001", "OPP/2026/001"),
        ("l-42", "l-42"),
        ("...", "..."),
        ("% ?#&", "% ?#&"),
    ],
)
def test_an_id_has_one_form(written: str, kept: str) -> None:
    assert lead_id(written) == kept == lead_id(kept)
    assert lead_ids(pl.Series([written, None]))[0].to_list() == [kept, None]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "it is empty"),
        (" \u2003", "it is empty"),
        ("x" * 201, "it is longer than 200 characters"),
        (".", "'.' and '..' name nothing in an address"),
        (" .. ", "'.' and '..' name nothing in an address"),
        ("L\u200b1", "it holds U+200B ZERO WIDTH SPACE, which can't be seen"),
        ("L\ufe0f1", "it holds U+FE0F VARIATION SELECTOR-16, which can't be seen"),
        ("L\u31641", "it holds U+3164 HANGUL FILLER, which can't be seen"),
        ("L\u202e1", "it holds U+202E RIGHT-TO-LEFT OVERRIDE, which can't be seen"),
        ("L\n1", "it holds U+000A, which can't be seen"),
        ("L\0", "it holds U+0000, which can't be seen"),
        ("L\ud800", "it holds U+D800, which can't be seen"),
    ],
)
def test_what_cannot_be_an_id_is_refused_for_a_reason(written: str, why: str) -> None:
    with pytest.raises(LeadIdError) as refused:
        lead_id(written)
    assert str(refused.value) == f"not an id of a lead: {why}"
    if written.isprintable() or written.isascii():  # no lone surrogate in a column
        assert [*lead_ids(pl.Series([written]))[1]] == [written]


@pytest.mark.parametrize(
    "other",
    [
        "opp-2026/b1",
        "OPP\u20112026/B1",  # a non-breaking hyphen
        "OPP\u22122026/B1",  # a minus sign
        "ＯＰＰ－２０２６／Ｂ１",
        "ОРР-2026/В1",  # Cyrillic
        "ΟΡΡ-2026/Β1",  # Greek
        "ᴏᴘᴘ-2026\u2215ʙ1",
        "𝐎𝐏𝐏-2026/B1",
    ],
)
def test_ids_that_look_alike_share_a_skeleton(other: str) -> None:
    assert skeleton(lead_id(other)) == skeleton("OPP-2026/B1")


@pytest.mark.parametrize(
    "other",
    ["OPP-2026/B11", "OPP-2026 B1", "OPP_2026/B1", "OPP-2026/É1", "0PP-2026/B1"],
)
def test_others_have_one_of_their_own(other: str) -> None:
    assert skeleton(other) != skeleton("OPP-2026/B1")


def test_an_id_that_is_far_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(LeadIdError) as refused:
        lead_id("a" + "\u0327\u0301" * 2**19)
    assert refused.value.why == "string_too_long"


def test_stores_keep_skeletons_as_they_are() -> None:
    """Who changes the table or the digest adds a migration, and this one's figure."""
    old = (*range(0x20, 0x250), *range(0x3A3, 0x3E2), *range(0x400, 0x500))
    digest = sha256("".join(skeleton(chr(each)).hex for each in old).encode())
    assert (
        digest.hexdigest()
        == "35665f1f6057be7d1768255fa5a19cce25d99f116efcc488dd2fa07656d41d84"
    )
