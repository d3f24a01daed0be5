"""Quotation of a note from the field: its own words, nothing that breaks a text."""

import re
import unicodedata
from functools import lru_cache

from features.text import composed

MOST_QUOTED = 80  # characters, the ellipsis included
ELLIPSIS = "…"
_UNSEEN = {"Cc", "Cf", "Cs"}  # controls, isolates and the like, lone surrogates
_BEFORE = f"{ELLIPSIS} "  # where sentences were left out
# Who a number or an address belongs to never agreed to be quoted (RGPD).
# Every run of what may stand before « @ » is read once, whether or not one follows.
_ADDRESS = re.compile(r"[\w.+%-]++(\s?@\s?\w[\w-]*(?:\.[\w-]+)+)?")
_DATE = r"\d\d([./-])\d\d\1\d{4}"
_DIGIT = r"[\s.()/\-\u2010-\u2013]{0,3}\d"
_NUMBER = re.compile(
    rf"(?<![\w+])(?!{_DATE})(?:(?:\+|00)(?:{_DIGIT}){{8,15}}|0[1-9](?:{_DIGIT}){{8}})(?!\d)"
)
_BETWEEN_SENTENCES = re.compile(r"(?<=\w{3}[.!?…])\s")  # not after « M. »
_LEFT_OUT = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}.,;:-–—•*·>"


def quoted(text: str) -> str:
    """The last sentences of a note that fit, on one line; what was objected ends it.

    Of a last sentence that is too long its beginning, cut at the end of a word. What
    is quoted is the note's own: spaces, quotation marks within it and what can't be
    seen are all that is put in order; of an e-mail address or a telephone number an
    ellipsis is left. Nothing is left of a note without a word.
    Quoting what is quoted changes nothing.

    Examples
    --------
    >>> quoted("- Le prix reste\\n« le principal » frein.")
    'Le prix reste “le principal” frein'
    >>> quoted("Appel de suivi, comme convenu avec la responsable du projet la semaine "
    ...        "dernière. Le prix reste le principal frein.")
    '… Le prix reste le principal frein'
    """
    line = _NUMBER.sub(ELLIPSIS, _ADDRESS.sub(_unless_address, _in_order(text)))
    return _worded(line if len(line) <= MOST_QUOTED else _end_of(line))


def _unless_address(run: re.Match[str]) -> str:
    return run[0] if run[1] is None else ELLIPSIS


def readable_label(text: str) -> str:
    """A label on one line, without what can't be seen; nothing without a word."""
    return _worded(_in_order(text))


def _worded(line: str) -> str:
    return line if any(character.isalnum() for character in line) else ""


def _end_of(line: str) -> str:
    starts = [0, *(gap.end() for gap in _BETWEEN_SENTENCES.finditer(line))]
    room = MOST_QUOTED - len(_BEFORE)
    for start in starts[1:]:
        if len(line) - start <= room:
            return _BEFORE + line[start:]
    before = _BEFORE if starts[-1] else ""
    last = line[starts[-1] :]
    cut = _cut(last, MOST_QUOTED - len(before) - len(ELLIPSIS)).rstrip(_LEFT_OUT)
    return f"{before}{cut}{ELLIPSIS}"


def _in_order(text: str) -> str:
    legible = composed("".join(filter(None, map(_seen, text))))
    seen = re.sub(r"\s{2,}", " ", legible)
    return re.sub(r"\s?»", "”", re.sub(r"«\s?", "“", seen)).strip(_LEFT_OUT)


@lru_cache(maxsize=1024)
def _seen(character: str) -> str:
    """The character as it may stand on a line; nothing if it can't be seen."""
    if character in "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}":
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _UNSEEN else character


def _cut(line: str, length: int) -> str:
    """The whole words that fit; of a word that alone is longer, what fits."""
    start = line[:length]
    if line[length].isspace():
        return start
    whole, space, _ = start.rpartition(" ")
    if space:
        return whole
    while start and unicodedata.combining(line[len(start)]):
        start = start[:-1]
    return start
