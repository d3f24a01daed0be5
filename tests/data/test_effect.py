"""The sequence's effect is told exactly."""

from datetime import date

import numpy as np

from data.demo.block import draw_block
from data.demo.intent import open_at
from data.demo.working_time import working_time


def test_the_chance_of_being_open_is_what_the_lives_show() -> None:
    """By state at 14 days, within five standard errors."""
    time = working_time(date(2026, 1, 5), 200)
    rng = np.random.default_rng(5)
    block = draw_block(rng, time, np.arange(8000), np.full(8000, 3))
    chances = open_at(14, block.laws, time, block.entry_day).mean(axis=0)
    states = block.lives.states[block.lives.closed_day >= 14, 14]
    seen = np.bincount(states, minlength=len(chances)) / 8000
    assert (np.abs(seen - chances) < 5 * np.sqrt(chances / 8000)).all()
