"""Records of what leads and people do, and clues to intent that each record gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

import numpy as np

from data.demo.block import Block
from data.demo.intent import STATES
from features.arrays import BoolArray, FloatArray, IntArray

LATE_SHARE = 0.03  # of visits, documents, forms and replies
LATE_DAYS = 7  # a late event is received 1 to 7 days after, each as likely


class Idea(StrEnum):
    """The drivers of winning, named as the signal catalogue names its ideas."""

    PRICING = "interet_tarifs"
    PRODUCT = "interet_produit"
    REQUESTS = "demandes"
    RETURN = "retour_apres_rendez_vous"
    REPLIES = "reponses"
    LATENCY = "delai_reponse"
    MAIL = "engagement_email"
    LEAVING = "desabonnement"
    DOCUMENTS = "documents"
    CALLS = "appels"
    MEETINGS = "rendez_vous"
    TONE = "ressenti_terrain"
    OBJECTIONS = "objections"
    STAGE = "etape"
    AGE = "anciennete"
    SEQUENCE = "suivi_humain"
    PROFILE = "profil"
    SOURCE = "origine"
    CAREERS = "recrutement"


IDEAS = tuple(Idea)
NUMBER = {idea: number for number, idea in enumerate(IDEAS)}


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Lead (a position in the block), day and day of reception; one row each."""

    lead: IntArray
    day: IntArray
    known_day: IntArray

    @classmethod
    def same_day(cls, lead: IntArray, day: IntArray) -> "Occurrences":
        """Occurrences that are received on their own day."""
        return Occurrences(lead, day, day)

    @classmethod
    def by_day(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, ordered by day."""
        rows = cls(
            *(np.concatenate(c) for c in zip(*map(_columns, parts), strict=True))
        )
        return rows[np.argsort(rows.day, kind="stable")]

    def __getitem__(self, rows: IntArray | BoolArray | slice) -> Self:
        return type(self)(*(column[rows] for column in _columns(self)))

    def __len__(self) -> int:
        return len(self.lead)

    def during(self, days: tuple[int, int]) -> Self:
        """The rows from the first day up to the second, of rows ordered by day."""
        return self[slice(*np.searchsorted(self.day, days))]


def _columns(rows: Occurrences) -> list[Any]:
    return [getattr(rows, column.name) for column in fields(rows)]


@dataclass(frozen=True, slots=True)
class Records:
    """Events of one kind, one row each.

    `moment` is the part of the day's hours gone, 0 to 1; `fields` are columns.
    """

    source: str
    kind: str
    actor: str | BoolArray  # flags: automation, else a person
    at: Occurrences
    moment: FloatArray
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clues(Occurrences):
    """Log-likelihoods of records in each state, one row each.

    `idea` is (clues,); `says` is (clues, states), each row up to a constant.
    """

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

    def draw(self, rng: np.random.Generator, block: Block) -> Occurrences:
        """Events, a Poisson number a day."""
        counts = rng.poisson(self.rates[block.lives.states] * self.scale)
        lead, day = np.nonzero(counts)
        times = counts[lead, day]
        lead, day = np.repeat(lead, times), np.repeat(day, times)
        return Occurrences(lead, day, known(rng, day) if self.late else day)


@dataclass(frozen=True, slots=True)
class Part:
    """What one side of the company yields: records, clues and channels."""

    records: Sequence[Records] = ()
    clues: Sequence[Clues] = ()
    channels: Sequence[Channel] = ()


def joined(parts: Sequence[Part]) -> Part:
    """Everything that the parts yield, in their order."""
    return Part(
        [records for part in parts for records in part.records],
        [clues for part in parts for clues in part.clues],
        [channel for part in parts for channel in part.channels],
    )


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


def clues(idea: Idea, at: Occurrences, says: FloatArray) -> Clues:
    """Clues of one idea; `says` is (clues, states), or (states,) for all alike."""
    rows = np.broadcast_to(says, (len(at), STATES))
    return Clues(at.lead, at.day, at.known_day, np.full(len(at), NUMBER[idea]), rows)
