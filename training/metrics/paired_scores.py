"""Two models' scores of the same moments: their differences, and many tests at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import BoolArray, FloatArray
from training.metrics.bootstrap import LEVEL, Drawn
from training.metrics.metrics import Metric, bootstrap


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedScores:
    """Two models' probabilities of the same moments, row for row.

    `lead_ids` of n_moments str; `won` (n_moments,) bool; `champion`, `challenger`
    (n_moments,) float64 in [0, 1].
    """

    lead_ids: Sequence[str]
    won: BoolArray
    champion: FloatArray
    challenger: FloatArray

    def of(self, rows: BoolArray) -> "PairedScores":
        """Those of some rows, (n_moments,) bool."""
        return PairedScores(
            lead_ids=np.asarray(self.lead_ids)[rows].tolist(),
            won=self.won[rows],
            champion=self.champion[rows],
            challenger=self.challenger[rows],
        )


def changes(
    said: PairedScores, metrics: Mapping[str, Metric], *, n_resamples: int, seed: int
) -> dict[str, Drawn]:
    """Each metric of the challenger less the champion's, on the same leads each time;
    `n_resamples` >= 2."""
    before, after = (
        bootstrap(
            said.lead_ids,
            said.won,
            probability,
            metrics=metrics,
            n_resamples=n_resamples,
            seed=seed,
        )
        for probability in (said.champion, said.challenger)
    )
    return {name: after[name].minus(before[name]) for name in metrics}


def holm_shares(p_values: Sequence[float], *, alpha: float = 1 - LEVEL) -> list[float]:
    """Levels of many tests at once: rejected is what lies at or below its share.

    Holm's step-down, so that one in twenty isn't found by chance.

    Parameters
    ----------
    p_values : sequence of n_tests float in [0, 1]
    alpha : float in (0, 1)
        The chance of rejecting anything where nothing is there.

    Returns
    -------
    list of n_tests float in (0, alpha]

    References
    ----------
    .. [1] Holm (1979), "A simple sequentially rejective multiple test procedure".

    Examples
    --------
    >>> holm_shares([0.04, 0.001, 0.2], alpha=0.06)
    [0.03, 0.02, 0.03]
    """
    shares = [alpha] * len(p_values)
    in_order = sorted(range(len(p_values)), key=p_values.__getitem__)
    left = len(p_values)
    for test in in_order:
        shares[test] = alpha / left
        if p_values[test] <= shares[test]:
            left = max(left - 1, 1)
    return shares
