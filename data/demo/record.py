"""What is recorded (events to be) and what each record says of intent (clues)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from data.demo.block import Block
from data.demo.idea import NUMBER, Idea
from data.demo.intent import STATES
from features.arrays import BoolArray, FloatArray, IntArray

LATE_SHARE = 0.03  # of visits, documents, forms and replies
LATE_DAYS = 7  # a late event is received 1 to 7 days after, each as likely


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Events of one kind, one row each: `lead` is a position in the block.

    `moment` is the part of the day's hours gone, 0 to 1; `known_day` the day of
    reception.
    """

    kind: str
    source: str
    actor: str | BoolArray  # flags: automation, else a person
    lead: IntArray
    day: IntArray
    moment: FloatArray
    known_day: IntArray
    fields: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass(frozen=True, slots=True)
class Clues:
    """Log-likelihoods of records in each state, one row each.

    `lead`, `day` and `known_day` are (clues,); `idea` is one number or (clues,);
    `says` is (clues, states), each row up to a constant.
    """

    lead: IntArray
    day: IntArray
    known_day: IntArray
    idea: IntArray
    says: FloatArray


@dataclass(frozen=True, slots=True)
class Channel:
    """A kind of event that comes at a rate: `rates` (states,) a working day, times
    `scale` (leads, LIFE_DAYS). It may be `late`; that it stays away is a clue too."""

    idea: Idea
    rates: FloatArray
    scale: FloatArray
    late: bool = False

    def draw(self, rng: np.random.Generator, block: Block) -> tuple[IntArray, IntArray]:
        """Lead and day of each event, a Poisson number a day."""
        counts = rng.poisson(self.rates[block.lives.states] * self.scale)
        lead, day = np.nonzero(counts)
        times = counts[lead, day]
        return np.repeat(lead, times), np.repeat(day, times)


@dataclass(frozen=True, slots=True)
class Part:
    """What one side of the company yields: records, clues and channels."""

    records: Sequence[Records] = ()
    clues: Sequence[Clues] = ()
    channels: Sequence[Channel] = ()


def known(
    rng: np.random.Generator, day: IntArray, late_share: float = LATE_SHARE
) -> IntArray:
    """The day on which each event is received: its own, or up to a week later."""
    late = rng.random(len(day)) < late_share
    return np.asarray(day + late * rng.integers(1, LATE_DAYS + 1, len(day)))


def received_share(age: IntArray) -> FloatArray:
    """The share of late-able events received `age` days (≥ 1) after their day began.

    >>> received_share(np.array([1, 8])).tolist()
    [0.97, 1.0]
    """
    return np.asarray(1 - LATE_SHARE * (1 - np.clip(age - 1, 0, LATE_DAYS) / LATE_DAYS))


def clues(
    idea: Idea, lead: IntArray, day: IntArray, known_day: IntArray, says: FloatArray
) -> Clues:
    """Clues of one idea; `says` is (clues, states), or (states,) for all alike."""
    rows = np.broadcast_to(says, (len(lead), STATES))
    return Clues(lead, day, known_day, np.full(len(lead), NUMBER[idea]), rows)


def joined(parts: Sequence[Clues]) -> Clues:
    """All clues in one, by day."""
    day = np.concatenate([part.day for part in parts])
    order = np.argsort(day, kind="stable")
    return Clues(
        np.concatenate([part.lead for part in parts])[order],
        day[order],
        np.concatenate([part.known_day for part in parts])[order],
        np.concatenate([part.idea for part in parts])[order],
        np.concatenate([part.says for part in parts])[order],
    )
