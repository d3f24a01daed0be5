"""Who is compared: the model, by seed, and each baseline, on the same moments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.encoding import encode
from features.featurise import featurise
from features.log import Log
from training.baselines.baselines import Lesson, baselines
from training.fitting.fit import FitSettings, fit

SEEDS = (1, 2, 3, 4, 5)  # the figure is the mean of five single boosters


@dataclass(frozen=True, slots=True)
class Answer:
    """What one contestant said of the test moments: probabilities, an array a seed."""

    name: str
    probabilities: Sequence[FloatArray]


@dataclass(frozen=True, slots=True)
class Exam:
    """Labelled moments to learn from and to be asked about, with their signals."""

    training: pl.DataFrame
    test: pl.DataFrame
    signals: pl.DataFrame
    scored: pl.DataFrame
    catalogue: Catalogue

    @classmethod
    def of(
        cls, log: Log, catalogue: Catalogue, training: pl.DataFrame, test: pl.DataFrame
    ) -> "Exam":
        signals, scored = (
            featurise(log.events, moments.select("lead_id", "moment"), catalogue)
            for moments in (training, test)
        )
        return cls(training, test, signals, scored, catalogue)


def answers(log: Log, exam: Exam, *, known_at: datetime) -> list[Answer]:
    """What the model and each baseline say of the test moments."""
    lesson = Lesson(
        log=log,
        catalogue=exam.catalogue,
        moments=exam.training,
        signals=exam.signals,
        known_at=known_at,
    )
    others = baselines(lesson, exam.scored)
    return [model_answer(exam), *(Answer(n, [p]) for n, p in others.items())]


def model_answer(exam: Exam) -> Answer:
    """What one booster a seed says of the test moments."""
    said = []
    for seed in SEEDS:
        fitted = fit(
            exam.signals, exam.training, exam.catalogue, FitSettings(), seed=seed
        )
        matrix = encode(exam.scored, exam.catalogue, fitted.codes)
        said.append(np.asarray(fitted.booster.predict(matrix)))
    return Answer("model", said)
