"""How long leads take to answer: a log-normal law for each state, and slow answers."""

import numpy as np
from scipy.special import ndtr

from features.arrays import FloatArray, IntArray

# Log-normal latency, in working days of the lead's clock. Large leads are often
# slow, the more so when they mean to buy: many hands touch the answer.
MEDIAN_LATENCY = np.array([2.4, 1.7, 0.4, 1.2, 0.3])
SLOW_MEDIAN = 3.2
SLOW_SHARE = np.array(
    [
        [0.05, 0.05, 0.05, 0.1, 0.05],
        [0.1, 0.1, 0.15, 0.25, 0.15],
        [0.15, 0.25, 0.6, 0.75, 0.6],
    ]
)
SPREAD, SLOW_SPREAD = 1.0, 0.55  # of the logarithm


def draw_latency(
    rng: np.random.Generator, states: IntArray, size: IntArray
) -> FloatArray:
    """A latency a mail, in working days, by state at sending and size of the lead."""
    slow = rng.random(len(states)) < SLOW_SHARE[size, states]
    median = np.where(slow, SLOW_MEDIAN, MEDIAN_LATENCY[states])
    spread = np.where(slow, SLOW_SPREAD, SPREAD)
    return np.asarray(median * np.exp(spread * rng.standard_normal(len(states))))


def latency_reached(waited: FloatArray, size: IntArray) -> FloatArray:
    """(mails, states): the share of latencies below `waited`, (mails,) > 0."""
    logs = np.log(waited)[:, None]
    plain = ndtr((logs - np.log(MEDIAN_LATENCY)) / SPREAD)
    slow = ndtr((logs - np.log(SLOW_MEDIAN)) / SLOW_SPREAD)
    share = SLOW_SHARE[size]
    return np.asarray((1 - share) * plain + share * slow)


def latency_density(latency: FloatArray, size: IntArray) -> FloatArray:
    """(mails, states): density of `latency`, up to a factor of the latency alone."""
    logs = np.log(latency)[:, None]
    plain = np.exp(-0.5 * ((logs - np.log(MEDIAN_LATENCY)) / SPREAD) ** 2) / SPREAD
    far = (logs - np.log(SLOW_MEDIAN)) / SLOW_SPREAD
    slow = np.exp(-0.5 * far**2) / SLOW_SPREAD
    share = SLOW_SHARE[size]
    return np.asarray((1 - share) * plain + share * slow)
