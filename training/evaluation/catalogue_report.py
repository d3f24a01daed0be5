"""Report of a catalogue on a log: what each signal reads, misses, and how it moves."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import asdict, dataclass

import polars as pl

from explanations.wording import Wording
from features.catalogue import Catalogue, Signal
from features.definition import definition
from training.evaluation.drift import Periods, SignalDrift, signal_drift
from training.metrics.population_stability import Stability

# What tells an identifier that drifts from a category: on the loan log the employee's
# number (which cost 0.01 AUC as a signal) is as varied as 31 labels, and 79 to 84 % of
# it come again, wherever the log is split; no other category there or in the demo log
# is as varied as 7 (docs/signals.md).
VARIED = 10.0
RARELY_RECURRING = 0.9
NEVER, NONE = "never known", "always 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedSignal:
    """One signal: its idea (with its name in words), what it reads, how it moved."""

    idea: str
    wording: str
    definition: str
    drift: SignalDrift
    warning: str | None


def described(
    parted: Periods, catalogue: Catalogue, wording: Wording, idle: Mapping[str, str]
) -> tuple[DescribedSignal, ...]:
    """Every signal that is computed, in the catalogue's order.

    `idle` is what `idle_signals` says of the same moments.
    """
    moved = signal_drift(parted, catalogue)
    return tuple(
        DescribedSignal(
            idea=signal.idea,
            wording=wording.idea(signal.idea),
            definition=definition(signal),
            drift=drift,
            warning=idle.get(signal.name) or warning_of(drift),
        )
        for signal, drift in zip(catalogue.signals, moved, strict=True)
    )


def warning_of(moved: SignalDrift) -> str | None:
    """What a reviewer must know of how it moved: that it is an identifier."""
    labels = moved.recurrence
    if labels and labels.n_labels >= VARIED and labels.share < RARELY_RECURRING:
        return (
            f"an identifier that drifts: of about {labels.n_labels:.0f} values only "
            f"{labels.share:.0%} come again (as of employee numbers); what a model "
            "learns of it does not last"
        )
    return None


def as_rows(signals: tuple[DescribedSignal, ...]) -> Iterator[dict[str, object]]:
    """The same as plain values, for JSON."""
    for signal in signals:
        yield {
            "idea": signal.idea,
            "wording": signal.wording,
            "definition": signal.definition,
            **drift_row(signal.drift),
            "warning": signal.warning,
        }


def drift_row(moved: SignalDrift) -> dict[str, object]:
    """A signal's drift as plain values: `psi`, and what chance alone would give."""
    row = asdict(moved)
    del row["stability"]
    return row | stability_row(moved.stability)


def stability_row(stability: Stability) -> dict[str, object]:
    """A stability as plain values: the index, by chance alone, and its level."""
    return {
        "psi": stability.index,
        "psi_by_chance": stability.by_chance,
        "level": stability.level.value,
    }


def idle_signals(
    signals: pl.DataFrame, catalogue: Catalogue, kinds: Set[str]
) -> dict[str, str]:
    """What an idle signal always is, and why, by its name; others are left out.

    `signals` (n_moments, 2 + n_signals) as `featurise` returns it; `kinds` are those of
    the log's events.
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
