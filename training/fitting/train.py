"""Training from a log to a scorer and its measured quality."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from explanations.importance import importance
from explanations.scorer import Scorer, ScorerFacts, probability
from explanations.trees import trees_of
from features.arrays import FloatArray
from features.catalogue import Catalogue
from features.errors import CatalogueError
from features.event import OPINION_KINDS
from features.log import AnyLog
from training.dataset.delays import usual_delays
from training.dataset.moments import MomentPlan, labelled_moments
from training.dataset.signals import leads_of
from training.dataset.split import before_and_after, newest_leads_from
from training.errors import TrainingError
from training.fitting.boosting import Engine, OneMachine
from training.fitting.fit import FitSettings, Fitted, fit
from training.metrics.bootstrap import Interval
from training.metrics.metrics import bootstrap_intervals

GRADE_SHARES = (0.10, 0.30, 0.60)  # the best tenth is A, then B, C; the rest is D
ATYPICAL_SHARE = 0.005  # of the training moments: a person looks at what is as rare
PRIORITY_SHARES = (0.15, 0.60)  # elevee above, basse below: a rep's week holds a few
HOLD_OUT_SHARE = 0.2  # of the leads, the newest: seen once, to measure
Phase = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    plan: MomentPlan
    horizon_days: float
    fit: FitSettings
    seed: int


@dataclass(frozen=True, slots=True)
class HoldOut:
    """Moments of the newest leads, their signals, and what the scorer says of them.

    Row for row: `moments` as `LabelledMoments.frame`, `signals` as `featurise` returns
    them, `said` (n_moments,) probabilities.
    """

    moments: pl.DataFrame
    signals: pl.DataFrame
    said: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A scorer, and how it did on leads that began after its training ended."""

    scorer: Scorer
    metrics: dict[str, Interval]
    n_train: int
    n_test: int
    n_censored: int
    trained_until: datetime
    signals: pl.DataFrame  # of the training moments
    won: pl.Series
    importance: pl.DataFrame  # of the hold-out: IMPORTANCE_SCHEMA
    hold_out: HoldOut


def train(
    log: AnyLog,
    catalogue: Catalogue,
    settings: TrainSettings,
    *,
    phase: Phase,
    engine: Engine | None = None,
) -> Trained:
    """Train on the older leads, measure on the newest.

    `phase` is told the name of each phase as it begins. `engine` does the heavy work,
    else this process: it has the events in full, and `log` may lack their data. Raises
    TrainingError if the log is too short, or nothing can be learnt from it. Raises
    CatalogueError if a signal reads a kind that no event of the log has.
    """
    refuse_absent_kinds(log, catalogue)
    phase("moments")
    moments = labelled_moments(log, settings.plan, horizon_days=settings.horizon_days)
    fitted_on, held_out, cut = _split(log, moments.frame, settings)
    phase("signals")
    engine = engine or OneMachine(log)
    signals = engine.signals(fitted_on.select("lead_id", "moment"), catalogue)
    phase("fitting")
    fitted = fit(
        signals,
        fitted_on,
        catalogue,
        settings.fit,
        seed=settings.seed,
        boosting=engine.boosting,
    )
    delays = usual_delays(
        leads_of(log), catalogue, known_at=cut, signals=engine.signals
    )
    scorer = scorer_of(fitted, fitted_on, catalogue, delays, settings.horizon_days)
    phase("evaluation")
    newest = engine.signals(held_out.select("lead_id", "moment"), catalogue)
    seen = HoldOut(held_out, newest, probability(scorer.log_odds(newest)))
    return Trained(
        scorer=scorer,
        metrics=bootstrap_intervals(
            held_out["lead_id"].to_list(), held_out["won"].to_numpy(), [seen.said]
        ),
        n_train=fitted_on.height,
        n_test=held_out.height,
        n_censored=moments.n_censored,
        trained_until=cut,
        signals=signals,
        won=fitted_on["won"],
        importance=importance(scorer.contributions(newest), tuple(catalogue.ideas)),
        hold_out=seen,
    )


def scorer_of(
    fitted: Fitted,
    moments: pl.DataFrame,
    catalogue: Catalogue,
    delays: dict[str, dict[str, float]],
    horizon_days: float,
) -> Scorer:
    """The fitted booster, with what is stored beside it.

    Cuts come from out-of-block scores; what is familiar, from the training rows:
    `moments` (n_moments, 5) are those that it was fitted on.
    """
    raw, typical = trees_of(fitted.booster).scores(fitted.matrix)
    known = 100 * probability(raw)
    scores = 100 * probability(fitted.out_of_block)
    weight = moments["weight"].to_numpy()
    a, b, c = quantile_cuts(scores, weight, GRADE_SHARES)
    high, low = quantile_cuts(scores, weight, PRIORITY_SHARES)
    facts = ScorerFacts(
        horizon_days=horizon_days,
        slope=fitted.slope,
        intercept=fitted.intercept,
        codes=fitted.codes,
        grade_cuts=(a, b, c),
        priority_cuts=(high, low),
        usual_delay_hours=delays,
        typical_from=quantile_cuts(typical, weight, [1 - ATYPICAL_SHARE])[0],
        score_range=(float(known.min()), float(known.max())),
    )
    return Scorer(fitted.booster, catalogue, facts)


def refuse_absent_kinds(log: AnyLog, catalogue: Catalogue) -> None:
    """A kind that no event has is a typing error, or another log's catalogue.

    Opinions on priorities may be absent: only the service that comes after has them.
    """
    if absent := sorted(catalogue.kinds - OPINION_KINDS - log.kinds):
        raise CatalogueError(
            f"catalogue {catalogue.name!r}: no event of log {log.about.name!r} is "
            f"{', '.join(absent)}; correct the kind, or disable the signal"
        )


def _split(
    log: AnyLog, moments: pl.DataFrame, settings: TrainSettings
) -> tuple[pl.DataFrame, pl.DataFrame, datetime]:
    """What was known at the cut (outcomes received later teach nothing), and after."""
    cut = newest_leads_from(moments, share=HOLD_OUT_SHARE)
    _, held_out = before_and_after(
        moments, train_before=cut, test_from=cut, horizon_days=settings.horizon_days
    )
    fitted_on = labelled_moments(
        log, settings.plan, horizon_days=settings.horizon_days, known_at=cut
    ).frame
    for name, part in (("training", fitted_on), ("the hold-out", held_out)):
        if part.is_empty() or part["won"].sum() in {0, part.height}:
            raise TrainingError(
                f"{name} has no won lead, or no other: the log must span several "
                f"horizons of {settings.horizon_days:g} days; give a longer log or a "
                "shorter horizon"
            )
    return fitted_on, held_out, cut


def quantile_cuts(
    scores: FloatArray, weight: FloatArray, shares: Sequence[float]
) -> tuple[float, ...]:
    """The scores that the best `shares` of moments reach.

    Parameters
    ----------
    scores : ndarray of shape (n_moments,), float64, points
    weight : ndarray of shape (n_moments,), float64, >= 0
    shares : sequence of float in (0, 1), increasing

    Returns
    -------
    tuple of float, points, decreasing

    Examples
    --------
    >>> quantile_cuts(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4), [0.25, 0.5])
    (4.0, 3.0)
    """
    order = np.argsort(-scores, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    positions = np.minimum(np.searchsorted(reached, shares), len(scores) - 1)
    return tuple(float(score) for score in scores[order][positions])
