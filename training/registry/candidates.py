"""Registered versions of the model, loaded to be measured."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from mlflow.entities import Run

from explanations.artifact import load_scorer
from explanations.errors import ModelRejectedError
from explanations.scorer import Scorer, probability
from features.arrays import FloatArray
from features.log import AnyLog
from training.dataset.moments import MomentPlan
from training.dataset.signals import signals_of
from training.dataset.split import newest_hold_out
from training.metrics.paired_scores import PairedScores
from training.registry.registry import (
    Champion,
    download,
    registered,
    run_of,
    version_of_run,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version with its scorer, and what its run says of its training."""

    version: str
    run_id: str
    scorer: Scorer
    trained_until: datetime
    plan: MomentPlan
    log: str  # its location

    @property
    def horizon_days(self) -> float:
        return self.scorer.facts.horizon_days

    def hold_out(
        self, log: AnyLog, *others: "Candidate"
    ) -> tuple[datetime, pl.DataFrame]:
        """When all of the models were trained, and the labelled moments of the leads
        that began since, as `newest_hold_out` gives them for this one."""
        begins = max(each.trained_until for each in (self, *others))
        return begins, newest_hold_out(
            log, self.plan, horizon_days=self.horizon_days, begins=begins
        )

    def signals(self, log: AnyLog, moments: pl.DataFrame) -> pl.DataFrame:
        """The signals of its own catalogue, a row a moment, as `featurise` has them."""
        return signals_of(log, moments, self.scorer.catalogue)

    def says(self, signals: pl.DataFrame) -> FloatArray:
        """Its probabilities, (n_moments,), of rows that `signals` gave."""
        return probability(self.scorer.log_odds(signals))


def candidate(named: str) -> Candidate:
    """The version of that number, or the one that the run of that identifier made.

    Raises ModelUnavailableError if there is none, or the registry can't be reached.
    Raises ModelRejectedError if its files aren't those registered, or its run doesn't
    say how it was made.
    """
    return loaded(registered(named) if named.isdecimal() else version_of_run(named))


def paired(
    champion: Candidate,
    challenger: Candidate,
    log: AnyLog,
    moments: pl.DataFrame,
    signals: pl.DataFrame,
) -> PairedScores:
    """What both say of some moments; `signals` are the challenger's own."""
    return PairedScores(
        lead_ids=moments["lead_id"].to_list(),
        won=moments["won"].to_numpy(),
        champion=champion.says(champion.signals(log, moments)),
        challenger=challenger.says(signals),
    )


def loaded(model: Champion) -> Candidate:
    """A registered version, its files checked; raises as `candidate` does."""
    run, scorer = run_of(model.version), scorer_of_version(model)
    try:
        return Candidate(
            version=model.version,
            run_id=run.info.run_id,
            scorer=scorer,
            trained_until=datetime.fromisoformat(run.data.tags["trained_until"]),
            plan=_plan(run),
            log=run.data.tags["log_folder"],
        )
    except (KeyError, ValueError) as error:
        raise ModelRejectedError(
            f"version {model.version}: its run {run.info.run_id} doesn't say how it "
            f"was trained ({error}); it was made by another version of Frein: train "
            "again"
        ) from error


def scorer_of_version(model: Champion) -> Scorer:
    """A registered version's scorer, its files checked; raises as `candidate` does."""
    with TemporaryDirectory(prefix="frein-model-") as folder:
        return load_scorer(download(model, Path(folder)), model.manifest_sha256)


def _plan(run: Run) -> MomentPlan:
    ages = run.data.params["ages_days"].split(",")
    kinds = run.data.params["key_kinds"].split(",")
    return MomentPlan(
        ages_days=tuple(map(float, ages)), key_kinds=tuple(filter(None, kinds))
    )
