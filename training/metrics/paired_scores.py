"""What two models say of the same moments, and what lies between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import BoolArray, FloatArray
from training.metrics.bootstrap import Drawn
from training.metrics.metrics import Metric, bootstrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Two models' probabilities of the same moments, row for row.

    `lead_ids` of n_moments str; `won` (n_moments,) bool; `champion`, `challenger`
    (n_moments,) float64 in [0, 1].
    """

    lead_ids: Sequence[str]
    won: BoolArray
    champion: FloatArray
    challenger: FloatArray

    def of(self, rows: BoolArray) -> "Said":
        """Those of some rows, (n_moments,) bool."""
        return Said(
            lead_ids=np.asarray(self.lead_ids)[rows].tolist(),
            won=self.won[rows],
            champion=self.champion[rows],
            challenger=self.challenger[rows],
        )


def changes(
    said: Said, metrics: Mapping[str, Metric], *, n_resamples: int, seed: int
) -> dict[str, Drawn]:
    """Each metric of the challenger less the champion's, on the same leads each time.

    Parameters
    ----------
    said : Said, of n_moments
    n_resamples : int, >= 2
    """
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
