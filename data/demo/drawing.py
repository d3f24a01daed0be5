"""Random choices by given shares, a row at a time."""

import numpy as np

from features.arrays import FloatArray, IntArray


def choose(rng: np.random.Generator, shares: FloatArray) -> IntArray:
    """One option a row, (rows,) of 0 to options − 1, drawn by its shares.

    `shares` is (rows, options), each row adding up to 1 (1e-9).

    >>> choose(np.random.default_rng(1), np.array([[0.0, 1.0], [1.0, 0.0]])).tolist()
    [1, 0]
    """
    reached = np.cumsum(shares[:, :-1], axis=1)
    drawn = rng.random(len(shares))[:, None]
    return np.asarray((drawn >= reached).sum(axis=1), dtype=np.int64)
