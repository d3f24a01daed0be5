from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from features.arrays import FloatArray
from training.metrics.population_stability import (
    N_LABELS,
    Level,
    Stability,
    column_stability,
    recurrence,
    stability_index,
)


def draws() -> np.random.Generator:
    return np.random.default_rng(3)


def once(n: int) -> FloatArray:
    return np.ones(n)


def moved(before: pl.Series, after: pl.Series) -> Stability:
    return column_stability(before, after, (once(len(before)), once(len(after))))


def test_is_the_sum_of_the_definition() -> None:
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.4, 0.2])
    expected = sum((b - a) * np.log(b / a) for a, b in zip(p, q, strict=True))

    found = stability_index(1e9 * p, 1e9 * q)

    assert found.index == pytest.approx(expected)
    assert found.by_chance == pytest.approx(2 * 2e-9)


def test_what_chance_gives_is_told_and_is_no_shift() -> None:
    samples = [pl.Series(one) for one in draws().normal(size=(400, 150))]
    pairs = [moved(*samples[i : i + 2]) for i in range(0, 400, 2)]

    found = np.mean([one.index for one in pairs])

    assert found == pytest.approx(pairs[0].by_chance, rel=0.25)
    assert found > 0.1  # which the rule of thumb would call a shift
    assert np.mean([one.level is Level.STABLE for one in pairs]) > 0.9


@pytest.mark.parametrize(
    ("after", "level"),
    [
        pytest.param(draws().normal(size=4000), Level.STABLE, id="the same"),
        pytest.param(draws().normal(0.4, size=4000), Level.SHIFTING, id="a little"),
        pytest.param(draws().normal(1.0, size=4000), Level.SHIFTED, id="a lot"),
        pytest.param(np.full(4000, np.nan), Level.SHIFTED, id="no longer known"),
    ],
)
def test_a_shift_has_its_level(after: FloatArray, level: Level) -> None:
    before = pl.Series(np.random.default_rng(4).normal(size=4000))
    assert moved(before, pl.Series(after)).level is level


def test_a_count_that_is_mostly_zero_has_few_bins() -> None:
    rare = pl.Series([0.0] * 95 + [1.0, 2.0, 3.0, 4.0, 5.0])
    assert moved(rare, rare) == Stability(0.0, 1 * (1 / 100 + 1 / 100))  # two bins


def test_a_column_never_known_does_not_move() -> None:
    unknown = pl.Series([np.nan] * 10)
    assert moved(unknown, unknown) == Stability(0.0, 0.0)
    nothing = pl.Series([None] * 10, dtype=pl.String)
    assert moved(nothing, nothing) == Stability(0.0, 0.0)


def test_a_long_lived_lead_counts_once() -> None:
    before, after = pl.Series(["a", "b"]), pl.Series(["a", "b", "b", "b"])
    weights = np.array([1, 1 / 3, 1 / 3, 1 / 3])
    assert column_stability(before, after, (once(2), weights)).index < 1e-12


def test_new_labels_are_a_shift_however_many_there_are() -> None:
    numbers = pl.Series([str(n % 60) for n in range(600)])
    renumbered = pl.Series([str(100 + n % 60) for n in range(600)])
    assert numbers.n_unique() > N_LABELS
    assert moved(numbers, renumbered).level is Level.SHIFTED


class TestRecurrence:
    def of(self, before: Sequence[str | None], after: Sequence[str]) -> float | None:
        old, new = (pl.Series(one, dtype=pl.String) for one in (before, after))
        found = recurrence(old, new, (once(len(before)), once(len(after))))
        return None if found is None else found.share

    def test_is_what_both_samples_have(self) -> None:
        assert self.of(["a"] * 5000, ["a"] * 1000 + ["b"] * 4000) == pytest.approx(
            0.2, abs=0.02
        )

    def test_of_samples_of_one_population_is_whole_but_for_chance(self) -> None:
        one, other = draws().integers(50, size=(2, 500)).astype(str).tolist()
        share = self.of(one, other)
        assert share is not None
        assert share > 0.95

    def test_needs_known_labels(self) -> None:
        assert self.of([None], ["a"]) is None
