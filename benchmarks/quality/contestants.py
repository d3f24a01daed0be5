"""Contestants of the quality benchmark: the model, each baseline, and the truth.

The truth stands beside a demo log alone: the best possible score, and a trap that
leaks. Once a lead is sold, the demo's CRM writes its fields over and adds some
(`data/demo/pipeline.py`). Read point in time they are never known before the outcome
and can teach nothing; read as they stand at the end of the log they tell it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from data.generate import TRUTH_FILE
from features.arrays import FloatArray
from features.catalogue import Catalogue, parse_catalogue
from features.encoding import encode
from features.featurise import featurise
from features.log import Log
from training.baselines.baselines import Lesson, baselines
from training.dataset.moments import log_end
from training.dataset.split import Part
from training.fitting.fit import FitSettings, fit
from training.metrics.bootstrap import Interval, mean_drawn
from training.metrics.metrics import Ranking
from training.metrics.paired_scores import PairedScores, changes

NAME = 'name = "trap"'
TRAP_FILE = Path(__file__).with_name("trap.toml")

SEEDS = (1, 2, 3, 4, 5)  # the figure is the mean of five single boosters


Answer = Sequence[FloatArray]  # probabilities of the test moments, an array a seed


@dataclass(frozen=True, slots=True)
class Exam:
    """Labelled moments to learn from and to be asked about, with their signals."""

    training: Part
    test: Part
    catalogue: Catalogue


def answers(log: Log, exam: Exam, *, known_at: datetime) -> dict[str, Answer]:
    """What the model and each baseline say of the test moments."""
    lesson = Lesson(
        log=log,
        catalogue=exam.catalogue,
        moments=exam.training.moments,
        signals=exam.training.signals,
        known_at=known_at,
    )
    others = baselines(lesson, exam.test.signals)
    return {"model": model_answer(exam), **{name: [p] for name, p in others.items()}}


def model_answer(exam: Exam) -> Answer:
    """What one booster a seed says of the test moments."""
    parts = exam.training, exam.test, exam.catalogue
    return [predicted(*parts, FitSettings(), seed) for seed in SEEDS]


def predicted(
    before: Part, after: Part, catalogue: Catalogue, settings: FitSettings, seed: int
) -> FloatArray:
    """What a booster fitted on a part says of another, (n_moments after,)."""
    fitted = fit(before.signals, before.moments, catalogue, settings, seed=seed)
    matrix = encode(after.signals, catalogue, fitted.codes)
    return np.asarray(fitted.booster.predict(matrix))


def true_answer(log_folder: Path, test: pl.DataFrame) -> dict[str, Answer]:
    """The true probabilities of the test moments, as of the midnight before each.

    Nothing if the log has no truth, or one that doesn't speak of each moment: it does
    of whole weeks after a lead's entry.
    """
    path = log_folder / TRUTH_FILE
    if not path.exists():
        return {}
    truth = pl.read_parquet(path, glob=False, columns=["lead_id", "moment", "p_win"])
    known = test.select("lead_id", moment=pl.col("moment").dt.truncate("1d")).join(
        truth, on=["lead_id", "moment"], how="left", maintain_order="left"
    )["p_win"]
    return {} if known.null_count() else {"truth": [known.to_numpy()]}


def trapped(log: Log, exam: Exam, *, as_it_stands: bool) -> Answer:
    """What the model says with the trap's signals, point in time or as they stand."""
    text = exam.catalogue.text + TRAP_FILE.read_text(encoding="utf-8")
    catalogue = parse_catalogue(text, origin="with the trap")
    training, test = (
        replace(part, signals=part.signals.hstack(_trap(log, part, as_it_stands)))
        for part in (exam.training, exam.test)
    )
    return model_answer(Exam(training, test, catalogue))


def gain(
    answer: Answer, over: Answer, test: pl.DataFrame, *, n_resamples: int
) -> Interval:
    """The difference of AUC, with its 95 % interval by lead; the mean over seeds."""
    lead_ids, won = test["lead_id"].to_list(), test["won"].to_numpy()
    pairs = (
        PairedScores(lead_ids=lead_ids, won=won, champion=old, challenger=new)
        for new, old in zip(answer, over, strict=True)
    )
    auc = {"auc": Ranking.auc}
    gains = [changes(pair, auc, n_resamples=n_resamples, seed=0) for pair in pairs]
    return mean_drawn([by_metric["auc"] for by_metric in gains]).interval


def _trap(log: Log, part: Part, as_it_stands: bool) -> pl.DataFrame:
    """The trap's signals alone, row for row."""
    seen_at = pl.lit(log_end(log)) if as_it_stands else pl.col("moment")
    moments = part.moments.select("lead_id", moment=seen_at)
    text = NAME + TRAP_FILE.read_text(encoding="utf-8")
    catalogue = parse_catalogue(text, origin="the trap")
    signals = featurise(log.events, moments.unique(), catalogue)
    return moments.join(
        signals, on=["lead_id", "moment"], how="left", maintain_order="left"
    ).drop("lead_id", "moment")
