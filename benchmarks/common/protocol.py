"""Protocol of the benchmarks of a model: its log, its moments, its fit."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.common.command_line import parser_of
from explanations.scorer import Scorer
from features.catalogue import Catalogue, read_catalogue, shipped_catalogue
from features.featurise import featurise
from features.log import Log, read_log
from features.selector import duration_days
from training.dataset.delays import usual_delays
from training.dataset.moments import (
    MomentPlan,
    labelled_moments,
    lead_lives,
    log_end,
)
from training.dataset.split import before_and_after
from training.errors import TrainingError
from training.fitting.fit import FitSettings, fit
from training.fitting.train import refuse_absent_kinds, scorer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Which log, when leads are scored, and where the time is cut."""

    log: Path
    catalogue: Path | None
    ages: tuple[str, ...]
    horizon_days: float
    train_before: datetime
    test_from: datetime

    @property
    def plan(self) -> MomentPlan:
        return MomentPlan(ages_days=tuple(duration_days(age) for age in self.ages))


def protocol_parser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser of the options that `Protocol` holds; each benchmark adds its own."""
    parser = parser_of(name, description)
    parser.add_argument("--log", type=Path, required=True, help="a log's folder")
    parser.add_argument("--catalogue", type=Path, help="default: by the log's name")
    parser.add_argument("--moments", type=_ages, required=True, dest="ages")
    parser.add_argument("--horizon", type=_days, required=True, dest="horizon_days")
    parser.add_argument("--train-before", type=_date, required=True)
    parser.add_argument("--test-from", type=_date, required=True)
    return parser


def parsed(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> argparse.Namespace:
    """The options, once they were refused if their dates make a lead do both."""
    options = parser.parse_args(arguments)
    if options.test_from < options.train_before:
        parser.error("--test-from is before --train-before: a lead would do both")
    return options


def read_inputs(protocol: Protocol) -> tuple[Log, Catalogue]:
    """The log and its catalogue; raises FreinError where they don't go together."""
    log = read_log(protocol.log)
    catalogue = read_catalogue(protocol.catalogue or shipped_catalogue(log.about.name))
    refuse_absent_kinds(log, catalogue)
    return log, catalogue


def training_part(log: Log, protocol: Protocol) -> pl.DataFrame:
    """Labelled moments as they were known at `train_before`, horizon and all."""
    return labelled_moments(
        log,
        protocol.plan,
        horizon_days=protocol.horizon_days,
        known_at=protocol.train_before,
    ).frame


def test_part(log: Log, protocol: Protocol) -> pl.DataFrame:
    """Labelled moments of the leads that began at or after `test_from`."""
    labelled = labelled_moments(log, protocol.plan, horizon_days=protocol.horizon_days)
    _, later = before_and_after(
        labelled.frame,
        train_before=protocol.train_before,
        test_from=protocol.test_from,
        horizon_days=protocol.horizon_days,
    )
    if later["won"].n_unique() < 2:
        raise TrainingError(
            f"of the {later['lead_id'].n_unique()} leads that began at or after "
            f"{protocol.test_from:%Y-%m-%d} with a whole horizon, none was won or all "
            "were: give an earlier --test-from, or a shorter --horizon"
        )
    return later


def open_moments(log: Log, protocol: Protocol) -> pl.DataFrame:
    """Moments of the open life of leads that began at or after `test_from`.

    A reason needs no label: a moment counts although its horizon isn't over.
    """
    ages = pl.DataFrame(
        {"age": [timedelta(days=days) for days in protocol.plan.ages_days]}
    )
    until = log_end(log)
    moment = pl.col("moment")
    found = (
        lead_lives(log, known_at=until)
        .filter(pl.col("first_at") >= protocol.test_from)
        .join(ages, how="cross")
        .with_columns(moment=pl.col("first_at") + pl.col("age"))
        .filter((moment < pl.col("ended_at")) | pl.col("ended_at").is_null())
        .filter(moment <= until)
        .select("lead_id", "moment")
    )
    if found.is_empty():
        raise TrainingError(
            f"no lead that began at or after {protocol.test_from:%Y-%m-%d} was open at "
            "any of the moments: give an earlier --test-from, or earlier --moments"
        )
    return found


def fitted_scorer(
    log: Log, catalogue: Catalogue, protocol: Protocol, seed: int
) -> Scorer:
    """A scorer of what was known at `train_before`."""
    training = training_part(log, protocol)
    signals = featurise(log.events, training.select("lead_id", "moment"), catalogue)
    fitted = fit(signals, training, catalogue, FitSettings(), seed=seed)
    delays = usual_delays(log.events, catalogue, known_at=protocol.train_before)
    return scorer_of(fitted, training, catalogue, delays, protocol.horizon_days)


def _ages(text: str) -> tuple[str, ...]:
    ages = tuple(text.split(","))
    if len({_days(age) for age in ages}) < len(ages):
        raise argparse.ArgumentTypeError(f"{text!r} names an age twice")
    return ages


def _days(text: str) -> float:
    try:
        return duration_days(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _date(text: str) -> datetime:
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date: write it as 2011-12-15"
        ) from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
