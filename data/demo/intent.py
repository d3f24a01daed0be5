"""The hidden chain of intent: five states, how they change, how leads end.

A day in working time: the lead is in a state; it behaves as that state does; it
may be won or lost; else the state may change. Changes of state run on the
leads' pace, endings on the salespeople's (`working_time.py`).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from data.demo.drawing import choose
from data.demo.profile import Profiles
from data.demo.working_time import WorkingTime
from features.arrays import BoolArray, FloatArray, IntArray

LIFE_DAYS = 182  # then an open lead is closed as lost, without an answer


class Intent(IntEnum):
    COLD = 0
    CURIOUS = 1
    EVALUATING = 2
    VALIDATING = 3  # in internal validation: silent, and may well buy
    DECIDING = 4


STATES = len(Intent)

# Chance a working day of being won or lost, by state.
WIN = np.array([0.0001, 0.0002, 0.0012, 0.009, 0.04])
LOSE = np.array([0.016, 0.009, 0.007, 0.004, 0.009])

# Change of state a working day, from row to column, by size; rows add up to 0.
_CHANGE = np.array(
    [
        [0.0, 0.007, 0.0005, 0.0, 0.0],
        [0.028, 0.0, 0.02, 0.0, 0.0],
        [0.014, 0.014, 0.0, 0.016, 0.02],
        [0.012, 0.0, 0.004, 0.0, 0.03],
        [0.014, 0.0, 0.016, 0.018, 0.0],
    ]
)
_TO_VALIDATION = (0.5, 1.0, 2.5)  # large leads validate internally more often


def _changes() -> FloatArray:
    changes = np.stack([_CHANGE] * len(_TO_VALIDATION))
    changes[:, :, Intent.VALIDATING] *= np.array(_TO_VALIDATION)[:, None]
    for change in changes:
        np.fill_diagonal(change, -change.sum(axis=1))
    return changes


CHANGES = _changes()  # (sizes, from, to)
SPEED_BY_SIZE = np.array([1.35, 1.15, 0.85])  # large leads change their mind slower

# State at entry, by source.
START = np.array(
    [
        [0.58, 0.31, 0.1, 0.0, 0.01],
        [0.32, 0.38, 0.24, 0.02, 0.04],
        [0.48, 0.37, 0.13, 0.0, 0.02],
        [0.83, 0.14, 0.03, 0.0, 0.0],
        [0.42, 0.38, 0.17, 0.01, 0.02],
    ]
)

# What the automated sequence does, and nothing else of it: two known effects.
HAZARD_RATIO = 1.6  # on the chance a day of being won
SPEED_RATIO = 1.25  # on the pace of changes of state


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """How each lead's intent moves.

    `start` is (leads, states), `speed` and `appeal` (what multiplies `WIN`) are
    (leads,) and positive, `size` is (leads,).
    """

    start: FloatArray
    speed: FloatArray
    appeal: FloatArray
    size: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What really happened: `states` is (leads, LIFE_DAYS), the rest (leads,).

    `closed_day` counts from entry, 0 to LIFE_DAYS (then lost for want of an answer).
    """

    states: IntArray
    closed_day: IntArray
    won: BoolArray


def law(profiles: Profiles, automated: BoolArray) -> Law:
    """The law of leads with these profiles, were they `automated` or not."""
    return Law(
        start=START[profiles.source],
        speed=SPEED_BY_SIZE[profiles.size] * np.where(automated, SPEED_RATIO, 1.0),
        appeal=profiles.fit * np.where(automated, HAZARD_RATIO, 1.0),
        size=profiles.size,
    )


def live(
    rng: np.random.Generator, laws: Law, time: WorkingTime, entry_day: IntArray
) -> Lives:
    """Draw every lead's states and ending; `entry_day` is (leads,), in `time`."""
    leads = len(entry_day)
    states = np.empty((leads, LIFE_DAYS), dtype=np.int64)
    closed_day = np.full(leads, LIFE_DAYS)
    won = np.zeros(leads, dtype=np.bool_)
    state = choose(rng, laws.start)
    for day in range(LIFE_DAYS):
        states[:, day] = state
        person_pace = time.person_pace[entry_day + day]
        win = person_pace * WIN[state] * laws.appeal
        drawn = rng.random(leads)
        closing = (closed_day == LIFE_DAYS) & (drawn < win + person_pace * LOSE[state])
        closed_day[closing] = day
        won |= closing & (drawn < win)
        pace = time.lead_pace[entry_day + day] * laws.speed
        step = CHANGES[laws.size, state] * pace[:, None]
        step[np.arange(leads), state] += 1.0
        state = choose(rng, step)
    return Lives(states=states, closed_day=closed_day, won=won)


def winning_within(
    days: int, laws: Law, time: WorkingTime, entry_day: IntArray, age: IntArray
) -> FloatArray:
    """The chance of being won within `days` days, from each state: exact.

    `laws`, `entry_day` and `age`, in days since entry, have a row a lead and moment;
    the chances are (rows, states) in [0, 1], by backward recursion over the days.
    """
    worth = np.zeros((len(age), STATES))
    of_size = [np.flatnonzero(laws.size == size) for size in range(len(CHANGES))]
    for later in reversed(range(days)):
        today = np.minimum(entry_day + age + later, len(time.lead_pace) - 1)
        alive = age + later < LIFE_DAYS
        person_pace = (time.person_pace[today] * alive)[:, None]
        pace = (time.lead_pace[today] * laws.speed)[:, None]
        moved = np.empty_like(worth)
        for size, rows in enumerate(of_size):
            moved[rows] = worth[rows] @ CHANGES[size].T
        win = person_pace * WIN * laws.appeal[:, None]
        worth = win + (1 - win - person_pace * LOSE) * (worth + pace * moved)
    return worth


def open_at(age: int, laws: Law, time: WorkingTime, entry_day: IntArray) -> FloatArray:
    """The chance of being open at `age` days, at most LIFE_DAYS, in each state: exact.

    `laws` and `entry_day` have a row a lead; the chances are (rows, states) in [0, 1],
    by forward recursion over the days.
    """
    chance = laws.start.copy()
    for day in range(age):
        person_pace = time.person_pace[entry_day + day, None]
        win = person_pace * WIN * laws.appeal[:, None]
        chance = chance * (1 - win - person_pace * LOSE)
        pace = (time.lead_pace[entry_day + day] * laws.speed)[:, None]
        moved = np.empty_like(chance)
        for size, change in enumerate(CHANGES):
            rows = laws.size == size
            moved[rows] = chance[rows] @ change
        chance = chance + pace * moved
    return chance
