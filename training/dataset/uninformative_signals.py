"""Signals that teach nothing: never known, or the same at every moment."""

from collections.abc import Set

import polars as pl

from features.catalogue import Catalogue, Signal

NEVER, NONE = "never known", "always 0"


def idle_signals(
    signals: pl.DataFrame, catalogue: Catalogue, kinds: Set[str]
) -> dict[str, str]:
    """What an idle signal always is, and why, by its name; others are left out.

    Parameters
    ----------
    signals : DataFrame of shape (n_moments, 2 + n_signals)
        As `featurise` returns it.
    kinds : set of str
        Of the log's events.
    """
    always = {
        signal: _always(signals[signal.name].unique()) for signal in catalogue.signals
    }
    return {
        signal.name: f"{same}: {_cause(signal, same, kinds)}"
        for signal, same in always.items()
        if same
    }


def _always(values: pl.Series) -> str | None:
    if len(values) != 1:
        return None
    value = values[0]
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return NEVER
    return f"always {value:g}" if isinstance(value, float) else f"always {value!r:.60}"


def _cause(signal: Signal, same: str, kinds: Set[str]) -> str:
    if absent := sorted(signal.kinds - kinds):
        return f"no event of the log is {', '.join(absent)}"
    if same in {NEVER, NONE}:
        return (
            "no event gives it a value; look at the spelling of its fields and values, "
            "and whether what it adds up is a number"
        )
    return "it tells no lead from another"
