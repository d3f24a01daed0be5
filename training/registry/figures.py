"""Figures of a training that a data scientist looks at: one a question."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from explanations.scorer import Scorer
from features.arrays import FloatArray
from features.encoding import encode
from training.fitting.train import HoldOut, Trained
from training.metrics.curves import reliability
from training.metrics.metrics import Ranking

ROWS_IN_SWARM = 1_500  # more dots hide one another
SIGNALS_IN_SWARM = 15
_SHELVES = 60  # of a beeswarm: bins of a signal's contributions
_COLOURS = "coolwarm"  # of values, from low to high
_FOLDER = "figures"


def figures(trained: Trained) -> Iterator[tuple[str, Figure]]:
    """Each figure of the hold-out, with the file that it is logged as."""
    seen = trained.hold_out
    ranking = Ranking.of(seen.moments["won"].to_numpy(), seen.said)
    yield f"{_FOLDER}/reliability.png", _reliability(seen)
    yield f"{_FOLDER}/gain_and_lift.png", _gain_and_lift(ranking)
    yield f"{_FOLDER}/precision_recall.png", _precision_recall(ranking)
    yield f"{_FOLDER}/signals.png", _signals(trained.scorer, seen)
    yield f"{_FOLDER}/ideas.png", _ideas(trained.importance)


def _reliability(seen: HoldOut) -> Figure:
    won = seen.moments["won"].to_numpy()
    bins = reliability(seen.moments["lead_id"].to_list(), won, seen.said)
    said, came, low, high = (
        100 * bins[name].to_numpy() for name in ("said", "came", "low", "high")
    )
    drawn, axes = _titled("Reliability on the newest leads")
    limit = 1.05 * max(said.max(), high.max())
    axes.plot([0, limit], [0, limit], color="grey", linestyle=":", label="perfect")
    axes.fill_between(said, low, high, alpha=0.2, label="95 % interval by lead")
    axes.plot(said, came, "o-", label="model, bins of equal mass")
    axes.set(xlabel="score, in points", ylabel="won within the horizon, in %")
    axes.legend()
    return drawn


def _gain_and_lift(ranking: Ranking) -> Figure:
    called = np.r_[0, np.cumsum(ranking.mass[0])] / ranking.mass.sum()
    won = np.r_[0, np.cumsum(ranking.won[0])] / ranking.won.sum()
    drawn = Figure(figsize=(11, 5), layout="constrained")
    gain, lift = drawn.subplots(1, 2)
    gain.plot([0, 100], [0, 100], color="grey", linestyle=":", label="at random")
    gain.plot(100 * called, 100 * won, label="model")
    gain.set(
        title="Gain", xlabel="best-scored moments, in %", ylabel="of all won, in %"
    )
    gain.legend()
    from_a_percent = called >= 0.01  # before, a handful of moments is all noise
    lift.axhline(1, color="grey", linestyle=":", label="at random")
    lift.plot(
        100 * called[from_a_percent],
        won[from_a_percent] / called[from_a_percent],
        label="model",
    )
    lift.set(title="Lift", xlabel="best-scored moments, in %", ylabel="times the mean")
    lift.legend()
    return drawn


def _precision_recall(ranking: Ranking) -> Figure:
    taken, won = np.cumsum(ranking.mass[0]), np.cumsum(ranking.won[0])
    drawn, axes = _titled("Precision and recall on the newest leads")
    share = 100 * won[-1] / taken[-1]
    axes.axhline(share, color="grey", linestyle=":", label="at random")
    axes.step(100 * won / won[-1], 100 * won / taken, where="post", label="model")
    axes.set(xlabel="recall, in %", ylabel="precision, in %", ylim=(0, None))
    axes.legend()
    return drawn


def _signals(scorer: Scorer, seen: HoldOut) -> Figure:
    """SHAP beeswarm: a dot a moment, coloured by where its value ranks."""
    rows = seen.signals
    if rows.height > ROWS_IN_SWARM:
        rows = rows.sample(ROWS_IN_SWARM, seed=0)
    matrix = encode(rows, scorer.catalogue, scorer.facts.codes)
    names = scorer.catalogue.names
    shares = scorer.trees.contributions(matrix, np.arange(len(names)))
    heaviest = np.argsort(np.abs(shares).mean(axis=0))[-SIGNALS_IN_SWARM:]
    drawn = Figure(figsize=(10, 0.5 * len(heaviest) + 1.5), layout="constrained")
    axes = drawn.subplots()
    for line, signal in enumerate(heaviest):
        is_category = names[signal] in scorer.catalogue.categories
        _swarm(axes, line, shares[:, signal], matrix[:, signal], is_category)
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_yticks(range(len(heaviest)), [names[signal] for signal in heaviest])
    axes.set(
        title="Signals that weigh most (SHAP), grey: unknown, green: a category",
        xlabel="contribution, in log-odds",
    )
    values = ScalarMappable(Normalize(0, 1), _COLOURS)
    bar = drawn.colorbar(values, ax=axes, ticks=[0, 1], pad=0.01, aspect=40)
    bar.ax.set_yticklabels(["low", "high"])
    return drawn


def _swarm(
    axes: Axes, line: int, shares: FloatArray, values: FloatArray, is_category: bool
) -> None:
    across = line + _spread(shares)
    known = ~np.isnan(values)
    axes.scatter(shares[~known], across[~known], s=5, color="lightgrey")
    if is_category:
        axes.scatter(shares[known], across[known], s=5, color="tab:green")
    else:
        ranks = _rank(values[known])
        axes.scatter(
            shares[known], across[known], s=5, c=ranks, cmap=_COLOURS, vmin=0, vmax=1
        )


def _ideas(importance: pl.DataFrame) -> Figure:
    lightest_first = importance.reverse()
    ideas = lightest_first["idea"].to_list()
    drawn = Figure(figsize=(10, 0.32 * len(ideas) + 1.5), layout="constrained")
    weight, points = drawn.subplots(1, 2, sharey=True)
    weight.barh(ideas, lightest_first["importance"].to_list(), color="tab:gray")
    weight.set(title="Weight of each idea", xlabel="mean |contribution|, in log-odds")
    points.barh(ideas, lightest_first["points_up"].to_list(), color="tab:green")
    points.barh(ideas, lightest_first["points_down"].to_list(), color="tab:red")
    points.axvline(0, color="grey", linewidth=0.8)
    points.set(title="Where it raises, where it lowers", xlabel="mean points")
    return drawn


def _titled(title: str) -> tuple[Figure, Axes]:
    drawn = Figure(figsize=(7, 6), layout="constrained")
    axes = drawn.subplots()
    axes.set(title=title)
    return drawn, axes


def _rank(values: FloatArray) -> FloatArray:
    """Where each value ranks among them, (n,), in [0, 1]; equal values alike."""
    _, place = np.unique(values, return_inverse=True)
    ranks: FloatArray = place / max(place.max(initial=0), 1)
    return ranks


def _spread(along: FloatArray) -> FloatArray:
    """How far off its line each dot lies, (n,), in [-0.4, 0.4]: far where it's full."""
    low, high = along.min(), along.max()
    shelf = ((along - low) / (high - low or 1) * (_SHELVES - 1)).astype(int)
    fullest = np.bincount(shelf).max()
    off = np.zeros(len(along))
    for filled in np.unique(shelf):
        there = np.flatnonzero(shelf == filled)
        width = 0.8 * len(there) / fullest
        off[there] = np.linspace(-width / 2, width / 2, len(there) + 2)[1:-1]
    return off
