"""Free text: whether what somebody wrote says anything."""

# Letters to Unicode that nobody sees: fillers of Hangul.
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0")


def is_blank(text: str | None) -> bool:
    """Is there no letter and no digit in it? Blanks, characters that nobody sees and
    punctuation say nothing.

    Examples
    --------
    >>> is_blank(" \u200b\u2060\ufeff\u00ad… ")
    True
    >>> is_blank("Trop cher")
    False
    """
    return not any(char.isalnum() and char not in _UNSEEN for char in text or "")
