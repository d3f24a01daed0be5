"""Text models: which stems tell won leads from others, and how much."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_array, vstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from features.arrays import IntArray
from features.text import TextModel, stem_of, stems_of, words

LEADS_OF_STEM = 20  # rarer, a stem may tell who is meant; and little is learnt of it
NOTHING_LEARNT = TextModel(intercept=0.0, stems={})


@dataclass(frozen=True)
class Texts:
    """Texts read once, to learn from some of the moments, then from others.

    `counts` (n_texts, n_stems): how often each stem stands in each text. `notes`
    (n_moments, 4): `lead` and `text` as numbers, null without a text; `won`, `weight`.
    """

    stems: tuple[str, ...]
    counts: csr_array
    notes: pl.DataFrame

    @classmethod
    def read(cls, texts: pl.Series, moments: pl.DataFrame) -> "Texts":
        """Read the texts of moments, (n_moments,), null where there is none; `moments`
        (n_moments, 5) are those of `LabelledMoments.frame`, row for row."""
        each = texts.drop_nulls().unique().sort()
        stems = tuple(sorted(common_stems(each)))
        counter = CountVectorizer(analyzer=stems_of, vocabulary=stems)
        counts = counter.transform(each) if stems else np.zeros((len(each), 0))
        notes = moments.select(
            "won",
            "weight",
            lead=pl.col("lead_id").rank("dense") - 1,
            text=texts.replace_strict(
                each, pl.int_range(len(each), eager=True), default=None
            ),
        )
        return cls(stems, csr_array(counts), notes)

    def model(self, rows: IntArray | None = None) -> TextModel:
        """TF-IDF into a logistic regression, of the texts of some moments (by number,
        (n_fitted,) int64), else of all.

        It has only stems that stand in the texts of `LEADS_OF_STEM` leads.
        """
        notes = (self.notes if rows is None else self.notes[rows]).drop_nulls("text")
        weights = np.zeros((2, self.counts.shape[0]))  # weight by outcome and text
        won, text = notes["won"].to_numpy().astype(int), notes["text"].to_numpy()
        np.add.at(weights, (won, text), notes["weight"].to_numpy())
        kept = np.flatnonzero(self._leads_of_stems(notes) >= LEADS_OF_STEM)
        counts = self.counts[:, kept]
        known = np.flatnonzero((weights.sum(axis=0) > 0) & (counts.sum(axis=1) > 0))
        if not weights[:, known].any(axis=1).all():
            return NOTHING_LEARNT
        tfidf = TfidfTransformer()
        read = tfidf.fit_transform(counts[known])
        fitted = LogisticRegression().fit(
            vstack([read, read]),
            np.repeat([False, True], len(known)),
            sample_weight=weights[:, known].ravel(),
        )
        idf, weight = tfidf.idf_.tolist(), fitted.coef_[0].tolist()
        stems = [self.stems[stem] for stem in kept]
        learnt = dict(zip(stems, zip(idf, weight, strict=True), strict=True))
        return TextModel(float(fitted.intercept_[0]), learnt)

    def _leads_of_stems(self, notes: pl.DataFrame) -> IntArray:
        """In the texts of how many leads each stem stands, (n_stems,)."""
        pairs = notes.select("lead", "text").unique()
        shape = (self.notes.height, self.counts.shape[0])
        place = (pairs["lead"].to_numpy(), pairs["text"].to_numpy())
        texts_of = csr_array((np.ones(pairs.height), place), shape)
        leads: IntArray = ((texts_of @ self.counts) > 0).sum(axis=0)
        return leads


def common_stems(texts: Iterable[str]) -> frozenset[str]:
    """The stems that are no names: written small more often than with a capital
    inside a sentence. Texts all in capitals tell nothing of that.

    Examples
    --------
    >>> sorted(common_stems(["Le prix bloque Dupont.", "Vu Dupont : prix trop haut."]))
    ['bloqu', 'haut', 'prix', 'trop']
    """
    small, capital = Counter[str](), Counter[str]()
    for text in texts:
        if text.isupper():
            continue
        for word, begins in words(text):
            if word[0].islower():
                small[stem_of(word)] += 1
            elif not begins:
                capital[stem_of(word)] += 1
    return frozenset(stem for stem, n in small.items() if n > capital[stem])
