"""The sequence's effect is told exactly."""

from datetime import date
from pathlib import Path

import numpy as np

from data.demo.block import draw_block
from data.demo.intent import open_at
from data.demo.working_time import working_time
from data.generate import generate
from features.log import log_digest


def test_the_chance_of_being_open_is_what_the_lives_show() -> None:
    """By state at 14 days, within five standard errors."""
    time = working_time(date(2026, 1, 5), 200)
    rng = np.random.default_rng(5)
    block = draw_block(rng, time, np.arange(8000), np.full(8000, 3))
    chances = open_at(14, block.laws, time, block.entry_day).mean(axis=0)
    states = block.lives.states[block.lives.closed_day >= 14, 14]
    seen = np.bincount(states, minlength=len(chances)) / 8000
    assert (np.abs(seen - chances) < 5 * np.sqrt(chances / 8000)).all()


def test_without_the_truth_the_events_are_the_same(tmp_path: Path) -> None:
    kept = generate(tmp_path / "kept", leads=60, seed=5)
    left = generate(tmp_path / "left", leads=60, seed=5, with_truth=False)
    assert log_digest(tmp_path / "left") == log_digest(tmp_path / "kept")
    assert (left.moments, left.effect) == (0, kept.effect)
