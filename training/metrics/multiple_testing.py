"""Many tests at once: Holm's step-down, so that one in twenty isn't found by chance."""

from collections.abc import Sequence

from training.metrics.bootstrap import LEVEL

ALPHA = 1 - LEVEL


def holm_shares(p_values: Sequence[float], *, alpha: float = ALPHA) -> list[float]:
    """What each test may be held to: rejected is what lies at or below its share.

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
