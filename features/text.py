"""Log-odds of a free text, by a model of its words' stems that is plain data."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import nan, sqrt
from unicodedata import combining, normalize

_WORD = re.compile(r"[^\W\d_]{2,}")
_NO_PROSE = re.compile(r"[\d@]|://|^www\.", re.IGNORECASE)  # numbers and addresses
_ENDS_SENTENCE = re.compile(r"[.!?…:;•*–—-][’'\"»”)\]]*$")
_MOST_MARKS = 30  # UAX 15, stream-safe text
_SHORT = 2_000  # characters that are put in order in a moment, whatever they are
MOST_KEPT = 65_536  # words, and texts of a model: some megabytes


@dataclass(frozen=True)
class TextModel:
    r"""Log-odds of a text: TF-IDF of the stems that are known, and a weight each.

    .. math:: b + \sum_s w_s v_s / \lVert v \rVert, \quad v_s = n_s \cdot idf_s

    with n the count of stem s in the text. `stems` is stem → (idf, weight).

    Examples
    --------
    >>> model = TextModel(intercept=-1.0, stems={"prix": (1.5, -2.0)})
    >>> model.log_odds("Le prix : toujours le PRIX !"), model.log_odds("Rien à dire.")
    (-3.0, nan)
    """

    intercept: float
    stems: Mapping[str, tuple[float, float]]

    def log_odds(self, text: str | None) -> float:
        """Of one text; NaN without a text, or without a stem that is known."""
        return nan if text is None else self._remembered(text)

    @cached_property
    def _remembered(self) -> Callable[[str], float]:
        return lru_cache(maxsize=MOST_KEPT)(self._log_odds)

    def _log_odds(self, text: str) -> float:
        counts = Counter(stem for stem in stems_of(text) if stem in self.stems)
        known = [(n, *self.stems[stem]) for stem, n in counts.items()]
        if not known:
            return nan
        length = sqrt(sum((n * idf) ** 2 for n, idf, _ in known))
        total = sum(n * idf * weight for n, idf, weight in known)
        return self.intercept + total / length


def stems_of(text: str) -> list[str]:
    """The stems of a text's words, in order; see `words`.

    Examples
    --------
    >>> stems_of("L’équipe rappelle lundi 12/03 : tarifs reçus par jean@acme.fr")
    ['équip', 'rappel', 'lund', 'tarif', 'reçus', 'par']
    """
    return [stem_of(word) for word, _ in words(text)]


def words(text: str) -> Iterator[tuple[str, bool]]:
    """The words of two letters or more as they are written, and does each begin a
    sentence? Nothing of what holds a digit, of an address or of a link."""
    for line in composed(text).splitlines():
        begins = True
        for chunk in line.split():
            if not _NO_PROSE.search(chunk):
                for word in _WORD.findall(chunk):
                    yield word, begins
                    begins = False
            begins = begins or _ENDS_SENTENCE.search(chunk) is not None


def composed(text: str) -> str:
    """The text with one form of its accents (NFC).

    Of a long one no more than `_MOST_MARKS` accents in a row are kept: to put them in
    order takes the square of their number.
    """
    if len(text) > _SHORT:
        text = "".join(_with_few_marks(text))
    return normalize("NFC", text)


def _with_few_marks(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if combining(character) else 0
        if marks <= _MOST_MARKS:
            yield character


@lru_cache(maxsize=MOST_KEPT)
def stem_of(word: str) -> str:
    """The French stem of a word, in lower case (Snowball)."""
    from snowballstemmer import stemmer  # it imports thirty languages, seldom wanted

    # A stemmer of its own: one keeps the word it is at, and threads would share it.
    stem: str = stemmer("french").stemWord(word.lower())
    return stem
