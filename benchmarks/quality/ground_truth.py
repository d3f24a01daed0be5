"""What the demo log's truth allows: the best possible score, and a trap that leaks.

Once a lead is sold, the demo's CRM writes its fields over and adds some
(`data/demo/endings.py`). Read point in time they are never known before the outcome
and can teach nothing; read as they stand at the end of the log they tell it.
"""

from dataclasses import replace
from pathlib import Path

import polars as pl

from benchmarks.quality.contestants import Answer, Exam, model_answer
from benchmarks.reasons.drivers import TRUTH_FILE
from features.arrays import FloatArray
from features.catalogue import parse_catalogue
from features.featurise import featurise
from features.log import Log
from training.dataset.moments import log_end
from training.metrics.bootstrap import Drawn, Interval, mean_drawn
from training.metrics.metrics import Ranking, bootstrap

NAME = 'name = "trap"'
TRAP = """
[[idea]]
name = "trap"
expected = "appel"

[[signal]]
name = "trap_contract_type"
idea = "trap"
last = { kind = "attributes_set", field = "contract_type", type = "category" }

[[signal]]
name = "trap_contracts"
idea = "trap"
count = { kind = "attributes_set", where = { contract_type = "*" } }

[[signal]]
name = "trap_attribute_writes"
idea = "trap"
count = { kind = "attributes_set" }

[[signal]]
name = "trap_headcount"
idea = "trap"
last = { kind = "attributes_set", field = "headcount" }
"""


def true_answer(log_folder: Path, test: pl.DataFrame) -> Answer | None:
    """The true probabilities of the test moments, as of the midnight before each.

    None if the log has no truth, or one that doesn't speak of each moment: it does of
    whole weeks after a lead's entry.
    """
    path = log_folder / TRUTH_FILE
    if not path.exists():
        return None
    truth = pl.read_parquet(path, glob=False, columns=["lead_id", "moment", "p_win"])
    known = test.with_columns(midnight=pl.col("moment").dt.truncate("1d")).join(
        truth.rename({"moment": "midnight"}),
        on=["lead_id", "midnight"],
        how="left",
        maintain_order="left",
    )["p_win"]
    return None if known.null_count() else Answer("truth", [known.to_numpy()])


def trapped(log: Log, exam: Exam, *, as_it_stands: bool) -> Answer:
    """What the model says with the trap's signals, point in time or as they stand."""
    catalogue = parse_catalogue(exam.catalogue.text + TRAP, origin="with the trap")
    signals, scored = (
        pl.concat([read, _trap(log, moments, as_it_stands)], how="horizontal")
        for read, moments in (
            (exam.signals, exam.training),
            (exam.scored, exam.test),
        )
    )
    return model_answer(
        replace(exam, catalogue=catalogue, signals=signals, scored=scored)
    )


def gain(
    answer: Answer, over: Answer, test: pl.DataFrame, *, n_resamples: int
) -> Interval:
    """The difference of AUC, with its 95 % interval by lead; the mean over seeds."""
    lead_ids, won = test["lead_id"].to_list(), test["won"].to_numpy()

    def auc_of(said: FloatArray) -> Drawn:
        return bootstrap(
            lead_ids, won, said, metrics={"auc": Ranking.auc}, n_resamples=n_resamples
        )["auc"]

    pairs = zip(answer.probabilities, over.probabilities, strict=True)
    return mean_drawn([auc_of(a).minus(auc_of(b)) for a, b in pairs]).interval


def _trap(log: Log, moments: pl.DataFrame, as_it_stands: bool) -> pl.DataFrame:
    """The trap's signals alone, row for row."""
    seen_at = pl.lit(log_end(log)) if as_it_stands else pl.col("moment")
    asked = moments.select("lead_id", moment=seen_at)
    catalogue = parse_catalogue(NAME + TRAP, origin="the trap")
    each = featurise(log.events, asked.unique(), catalogue)
    return asked.join(
        each, on=["lead_id", "moment"], how="left", maintain_order="left"
    ).drop("lead_id", "moment")
