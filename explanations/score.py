"""Score with everything that a person needs to judge it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from explanations.reason import Change, NextStep, Reason


class Grade(StrEnum):
    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Priority(StrEnum):
    """Company data, hence French."""

    HIGH = "elevee"
    NORMAL = "normale"
    LOW = "basse"


class Ending(StrEnum):
    """How a lead's open life ended. Company data, hence French."""

    WON = "gagne"
    LOST = "perdu"


class Doubt(StrEnum):
    """Why a score is handed over to a person."""

    NO_TRUE_REASON = "aucune_raison_verifiee"
    CONTRADICTORY = "signaux_contradictoires"
    ATYPICAL = "ligne_atypique"  # few leads that the model learnt from look like it
    OUT_OF_RANGE = "score_hors_apprentissage"  # outside of what training saw


SHORT_LENGTH = 140  # characters: a CRM's list, a phone's notification (issue 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrative:
    """What happened, why, and what is expected of the rep; in French.

    `short` fits a list or a notification (SHORT_LENGTH at most); `text` is
    the three parts as one paragraphed text.
    """

    happened: str
    why: str
    expected: str
    short: str
    text: str


@dataclass(frozen=True, slots=True)
class TextedReason:
    """A reason and its sentence."""

    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class TextedDoubt:
    doubt: Doubt
    text: str


@dataclass(frozen=True, slots=True)
class TextedStep:
    """A next step and its name: « un appel abouti »."""

    step: NextStep
    text: str


@dataclass(frozen=True, slots=True)
class TextedChange:
    """Why a score moved since the one before, and its sentence."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelId:
    """Which model spoke. `sha256` is that of its manifest."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """`score` and `base` in points (0 to 100): base + points + other = score.

    `change` is None for a first score, or when the model before can't be asked.
    """

    lead_id: str
    moment: datetime
    score: float
    base: float
    grade: Grade
    priority: Priority
    previous_priority: Priority
    reasons: tuple[TextedReason, ...]
    other_points: float
    doubts: tuple[TextedDoubt, ...]
    narrative: Narrative
    model: ModelId
    steps: tuple[TextedStep, ...] = ()
    change: TextedChange | None = None
