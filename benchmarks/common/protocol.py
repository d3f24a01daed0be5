"""Protocol of the benchmarks of a model: its log, its moments, its fit."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from benchmarks.common.command_line import parser_of
from explanations.scorer import Scorer
from features.catalogue import Catalogue, read_catalogue, shipped_catalogue
from features.featurise import featurise
from features.log import Log, read_log
from features.selector import duration_days
from training.dataset.delays import usual_delays
from training.dataset.moments import MomentPlan, log_end, open_moments
from training.dataset.split import Part, labelled_part, newest_hold_out
from training.errors import TrainingError
from training.fitting.fit import FitSettings, fit
from training.fitting.train import refuse_absent_kinds, scorer_of


class Protocol(argparse.Namespace):
    """Which log, when leads are scored, where the time is cut; and a benchmark's own
    options."""

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
) -> Protocol:
    """The options, once they were refused if their dates make a lead do both."""
    options = parser.parse_args(arguments, namespace=Protocol())
    if options.test_from < options.train_before:
        parser.error("--test-from is before --train-before: a lead would do both")
    return options


def read_inputs(protocol: Protocol) -> tuple[Log, Catalogue]:
    """The log and its catalogue; raises FreinError where they don't go together."""
    log = read_log(protocol.log)
    catalogue = read_catalogue(protocol.catalogue or shipped_catalogue(log.about.name))
    refuse_absent_kinds(log, catalogue)
    return log, catalogue


def training_part(log: Log, catalogue: Catalogue, protocol: Protocol) -> Part:
    """Labelled moments as they were known at `train_before`, horizon and all."""
    return labelled_part(
        log,
        catalogue,
        protocol.plan,
        horizon_days=protocol.horizon_days,
        known_at=protocol.train_before,
    )


def test_part(log: Log, catalogue: Catalogue, protocol: Protocol) -> Part:
    """Labelled moments of the leads that began at or after `test_from`."""
    days, begins = protocol.horizon_days, protocol.test_from
    later = newest_hold_out(log, protocol.plan, horizon_days=days, begins=begins)
    if later["won"].n_unique() < 2:
        raise TrainingError(
            f"of the {later['lead_id'].n_unique()} leads that began at or after "
            f"{begins:%Y-%m-%d} with a whole horizon, none was won or all "
            "were: give an earlier --test-from, or a shorter --horizon"
        )
    signals = featurise(log.events, later.select("lead_id", "moment"), catalogue)
    return Part(later, signals, days)


def later_moments(log: Log, protocol: Protocol) -> pl.DataFrame:
    """Moments of the open life of leads that began at or after `test_from`.

    A reason needs no label: a moment counts although its horizon isn't over.
    """
    moments = (
        open_moments(log, protocol.plan, known_at=log_end(log))
        .filter(pl.col("first_at") >= protocol.test_from)
        .sort("first_at", "lead_id", "moment")
        .select("lead_id", "moment")
    )
    if moments.is_empty():
        raise TrainingError(
            f"no lead that began at or after {protocol.test_from:%Y-%m-%d} was open at "
            "any of the moments: give an earlier --test-from, or earlier --moments"
        )
    return moments


def fitted_scorer(
    log: Log, catalogue: Catalogue, protocol: Protocol, seed: int
) -> Scorer:
    """A scorer of what was known at `train_before`."""
    part = training_part(log, catalogue, protocol)
    fitted = fit(part.signals, part.moments, catalogue, FitSettings(), seed=seed)
    delays = usual_delays(log.events, catalogue, known_at=protocol.train_before)
    return scorer_of(fitted, part.moments, catalogue, delays, protocol.horizon_days)


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
