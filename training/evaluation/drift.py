"""Drift between two periods: signals, scores, and how well scores keep."""

from dataclasses import astuple, dataclass
from datetime import datetime

import numpy as np
import polars as pl

from explanations.scorer import Scorer, probability
from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.encoding import OTHER, Codes, encoded
from features.log import AnyLog
from training.dataset.moments import MomentPlan, log_end, open_moments, with_outcomes
from training.dataset.signals import signals_of
from training.errors import TrainingError
from training.metrics.bootstrap import Interval
from training.metrics.population_stability import (
    Recurrence,
    Stability,
    column_stability,
    recurrence,
)

ANY_TEXT = (OTHER,)  # one code for all that is known
NO_CODES: Codes = {}
_Z = 1.96  # two-sided 95 % of the normal distribution
MONTH_SCHEMA = pl.Schema(
    {
        "month": pl.String(),
        "leads": pl.Int64(),
        "predicted": pl.Float64(),
        "observed": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    }
)


@dataclass(frozen=True, slots=True)
class SignalDrift:
    """One signal in two periods. Shares are in [0, 1], of moments weighted by lead.

    `recurrence` is None for a number, and where a period knows no label.
    """

    signal: str
    missing_before: float
    missing_after: float
    stability: Stability
    recurrence: Recurrence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What moved since an instant, for one model.

    `months` is of MONTH_SCHEMA: of the moments whose horizon is over, the mean
    predicted and the observed share won, with its 95 % interval by lead. `scores`
    are probabilities before and after, (n_before,), (n_after,), float64.
    """

    since: datetime
    signals: tuple[SignalDrift, ...]
    score: Stability
    scores: tuple[FloatArray, FloatArray]
    months: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Periods:
    """Open moments before an instant and from it on, each with its signals."""

    moments: pl.DataFrame  # before, then after; as `open_moments` gives them
    signals: pl.DataFrame  # row for row
    n_before: int
    known_at: datetime  # the log's end

    @property
    def weights(self) -> tuple[FloatArray, FloatArray]:
        """Of each moment, (n_before,), (n_after,): a lead's in a period add up to 1."""
        earlier, later = self.moments[: self.n_before], self.moments[self.n_before :]
        return _lead_weights(earlier), _lead_weights(later)


def periods(
    log: AnyLog, plan: MomentPlan, catalogue: Catalogue, since: datetime | None
) -> Periods:
    """The open moments of a log and their signals, parted at an instant; without one,
    where half of the moments are before it.

    Raises TrainingError if there is no moment on one of the sides.
    """
    known_at = log_end(log)
    opened = open_moments(log, plan, known_at=known_at).sort("moment", "lead_id")
    at = since or opened["moment"][opened.height // 2] if opened.height else since
    n_before = opened.filter(pl.col("moment") < at).height if at else 0
    if not 0 < n_before < opened.height:
        raise TrainingError(_one_sided(opened, at))
    signals = signals_of(log, opened, catalogue)
    return Periods(opened, signals, n_before, known_at)


def signal_drift(
    parted: Periods, catalogue: Catalogue, codes: Codes = NO_CODES
) -> tuple[SignalDrift, ...]:
    """How far each signal moved from the first period to the second.

    Of a text, what its model in `codes` reads in it; without one, whether it is known.
    """
    n, weights = parted.n_before, parted.weights
    numbers = [
        encoded(parted.signals[name], codes.get(name, ANY_TEXT))
        for name in catalogue.texts
    ]
    columns = parted.signals.with_columns(numbers).select(catalogue.names)
    return tuple(
        _drift_of(column.name, (column[:n], column[n:]), weights)
        for column in columns.iter_columns()
    )


def drift(log: AnyLog, plan: MomentPlan, scorer: Scorer, since: datetime) -> Drift:
    """What moved since an instant; the log before it is what it is held to.

    Raises TrainingError if the log has no moment before it, or none since.
    """
    parted = periods(log, plan, scorer.catalogue, since)
    predicted = probability(scorer.log_odds(parted.signals))
    scores = predicted[: parted.n_before], predicted[parted.n_before :]
    return Drift(
        since=since,
        signals=signal_drift(parted, scorer.catalogue, scorer.facts.codes),
        score=column_stability(
            pl.Series(scores[0]), pl.Series(scores[1]), parted.weights
        ),
        scores=scores,
        months=_months(
            with_outcomes(
                parted.moments.with_columns(predicted=predicted),
                horizon_days=scorer.facts.horizon_days,
                known_at=parted.known_at,
            )
        ),
    )


def share_won(won: FloatArray, weight: FloatArray) -> Interval:
    r"""Share won among leads, in [0, 1], with Wilson's 95 % interval.

    It has bounds also where few leads are known, and where all or none were won; a
    lead whose moments came to different ends makes it a little too wide.

    Parameters
    ----------
    won : ndarray of shape (n,), float64, 0 or 1
    weight : ndarray of shape (n,), float64, > 0
        Of a lead's moments, together 1: the sum is the number of leads.

    References
    ----------
    .. [1] Wilson (1927), "Probable inference, the law of succession, and statistical
       inference", JASA 22.

    Examples
    --------
    >>> share = share_won(np.array([1.0]), np.array([1.0]))
    >>> share.value, round(share.low, 2), round(share.high, 2)
    (1.0, 0.21, 1.0)
    """
    n = float(weight.sum())
    rate = float(won @ weight) / n
    middle = rate + _Z**2 / (2 * n)
    half = _Z * np.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n**2))
    low, high = (float((middle + side) / (1 + _Z**2 / n)) for side in (-half, half))
    return Interval(rate, max(min(low, rate), 0.0), min(max(high, rate), 1.0))


def _drift_of(
    name: str,
    values: tuple[pl.Series, pl.Series],
    weights: tuple[FloatArray, FloatArray],
) -> SignalDrift:
    before, after = values
    is_text = before.dtype == pl.String
    missing_before, missing_after = (
        float(np.average(part.is_null() if is_text else part.is_nan(), weights=weight))
        for part, weight in zip(values, weights, strict=True)
    )
    return SignalDrift(
        name,
        missing_before,
        missing_after,
        column_stability(before, after, weights),
        recurrence(before, after, weights) if is_text else None,
    )


def _months(moments: pl.DataFrame) -> pl.DataFrame:
    by_month = moments.with_columns(month=pl.col("moment").dt.strftime("%Y-%m"))
    rows = []
    for (month,), part in by_month.sort("moment").group_by(
        "month", maintain_order=True
    ):
        weight = _lead_weights(part)
        predicted = float(np.average(part["predicted"].to_numpy(), weights=weight))
        observed = share_won(part["won"].to_numpy().astype(np.float64), weight)
        rows.append((month, part["lead_id"].n_unique(), predicted, *astuple(observed)))
    return pl.DataFrame(rows, schema=MONTH_SCHEMA, orient="row")


def _lead_weights(moments: pl.DataFrame) -> FloatArray:
    return moments.select(1.0 / pl.len().over("lead_id")).to_series().to_numpy()


def _one_sided(moments: pl.DataFrame, at: datetime | None) -> str:
    if moments.is_empty() or at is None:
        return "the log has no moment at which a lead is open"
    first, last = moments["moment"][0], moments["moment"][-1]
    if first.date() == last.date():
        return (
            f"every moment of the log is of one day, {first:%Y-%m-%d}: it can't be "
            "parted into two periods; give a longer log, or more ages as --moments"
        )
    return (
        f"every moment of the log is on one side of {at:%Y-%m-%d}: name a date "
        f"between {first:%Y-%m-%d} and {last:%Y-%m-%d}"
    )
