"""The policy (lock 1): what may be done with a wish to change a lead. Pure.

A clause is a reason with a stable id; its French sentence stands at the edge.
Concessions come as a further change with clauses of its own.
"""

from dataclasses import dataclass
from enum import StrEnum

from governance.errors import StageAlreadyHeldError
from governance.pipeline import Pipeline
from governance.principal import Principal


class Verdict(StrEnum):
    APPLY = "apply"
    PROPOSE = "propose"  # a person will decide
    REFUSE = "refuse"


class Clause(StrEnum):
    """Why a verdict; the ids stand in decisions and in the audit."""

    PERSON_DECIDES = "P-01"
    STAGE_RESERVED = "P-02"
    STAGE_FREE = "P-03"
    REQUALIFICATION_RESERVED = "P-04"
    PRIORITY_FREE = "P-05"
    ACTION_FREE = "P-06"


@dataclass(frozen=True, slots=True)
class StageMove:
    """A wish to move a lead from where it stands to another stage."""

    origin: str
    to: str


@dataclass(frozen=True, slots=True)
class Ruling:
    verdict: Verdict
    clause: Clause


def judge_move(principal: Principal, move: StageMove, pipeline: Pipeline) -> Ruling:
    """Rule on a stage move.

    Raises
    ------
    StageUnknownError
        If the pipeline has no such stage.
    StageAlreadyHeldError
        If the move changes nothing.
    """
    stage = pipeline.named(move.to)
    if move.to == move.origin:
        raise StageAlreadyHeldError(move.to)
    if principal.is_person:
        return Ruling(Verdict.APPLY, Clause.PERSON_DECIDES)
    if stage.reserved:
        return Ruling(Verdict.PROPOSE, Clause.STAGE_RESERVED)
    return Ruling(Verdict.APPLY, Clause.STAGE_FREE)


def judge_priority(principal: Principal, *, after_complex_exchange: bool) -> Ruling:
    """Rule on another priority band: after a complex exchange, and before a person
    has acted, it requalifies the lead, which is reserved for people (DESIGN §7)."""
    if principal.is_person:
        return Ruling(Verdict.APPLY, Clause.PERSON_DECIDES)
    if after_complex_exchange:
        return Ruling(Verdict.PROPOSE, Clause.REQUALIFICATION_RESERVED)
    return Ruling(Verdict.APPLY, Clause.PRIORITY_FREE)
