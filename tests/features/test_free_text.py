import pytest

from features.free_text import is_blank

BLANKS = [
    "",
    " ",
    " \u200b ",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u3164",
    "…",
    " - . !",
    "👍",
]


@pytest.mark.parametrize("text", [None, *BLANKS])
def test_what_nobody_can_read_is_blank(text: str | None) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["Trop cher", "é", "7", "…non", "遅い"])
def test_a_word_is_not(text: str) -> None:
    assert not is_blank(text)
