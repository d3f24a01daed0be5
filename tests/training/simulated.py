"""Models that were never trained: what they would say of leads drawn at random.

Spreads are those measured on two trainings of the demo log that differ in their seed
only (10,000 leads, 1,739 held out): log-odds spread by 0.90 between leads and 0.46
within one, and the two differ by 0.07 between leads and 0.07 within.
"""

from dataclasses import dataclass

import numpy as np

from explanations.scorer import probability
from features.arrays import FloatArray
from training.dataset.groups import Group
from training.metrics.paired_scores import PairedScores
from training.promotion.gate import N_RESAMPLES, quality_findings, segments_finding

MEAN, BETWEEN, WITHIN = -2.5, 0.90, 0.46
OF_SEEDS = 0.07 / np.sqrt(2)  # each model's own, between leads and within one
MOMENTS = 7  # a lead, on average
WORSE = 0.695  # noise in log-odds that costs 0.05 in AUC (0.754), on 60,000 leads
SECTORS = 4


@dataclass(frozen=True, slots=True)
class Drawn:
    said: PairedScores
    sectors: list[Group]


def draw(n_leads: int, *, noise: float, seed: int, moments: int = MOMENTS) -> Drawn:
    """A hold-out, and two models of it: the challenger sees through `noise`.

    A lead's moments share one draw, so that its outcomes hang together, and each
    probability of the truth is calibrated.
    """
    draws = np.random.default_rng(seed)
    lead = np.repeat(np.arange(n_leads), 1 + draws.poisson(moments - 1, n_leads))

    def spread(between: float, within: float) -> FloatArray:
        of_lead: FloatArray = between * draws.normal(size=n_leads)[lead]
        return of_lead + within * draws.normal(size=len(lead))

    truth = MEAN + spread(BETWEEN, WITHIN)
    won = draws.random(n_leads)[lead] < probability(truth)
    champion = truth + spread(OF_SEEDS, OF_SEEDS)
    blurred = truth + spread(OF_SEEDS, OF_SEEDS) + spread(noise, noise / 2)
    sector = draws.integers(SECTORS, size=n_leads)[lead]
    return Drawn(
        PairedScores(
            lead_ids=[f"L-{i}" for i in lead],
            won=won,
            champion=probability(champion),
            challenger=probability(_calibrated(blurred, noise)),
        ),
        [Group("sector", str(i), sector == i) for i in range(SECTORS)],
    )


def share_passing(
    tries: int,
    *,
    n_leads: int,
    noise: float,
    n_resamples: int = N_RESAMPLES,
    moments: int = MOMENTS,
) -> float:
    """How often the gate's statistics let the challenger pass, in [0, 1]."""
    passing = [
        _passes(draw(n_leads, noise=noise, seed=seed, moments=moments), n_resamples)
        for seed in range(tries)
    ]
    return float(np.mean(passing))


def _passes(drawn: Drawn, n_resamples: int) -> bool:
    findings = [
        *quality_findings(drawn.said, n_resamples=n_resamples),
        segments_finding(drawn.said, drawn.sectors, n_resamples=n_resamples),
    ]
    return all(finding.lets_pass for finding in findings)


def _calibrated(blurred: FloatArray, noise: float) -> FloatArray:
    """As a training would: what is seen through noise is said with less certainty."""
    signal = BETWEEN**2 + WITHIN**2
    seen = signal + noise**2 * 1.25
    return MEAN + (blurred - MEAN) * signal / seen
