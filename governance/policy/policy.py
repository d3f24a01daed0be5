"""The policy (lock 1): what may be done with a wish to change a lead. Pure.

A clause is a reason with a stable id; its French sentence stands at the edge.
"""

from dataclasses import dataclass
from enum import StrEnum

from governance.errors import StageAlreadyHeldError
from governance.people.feedback import OverrideStanding
from governance.people.principal import Principal
from governance.policy.pipeline import Pipeline, StageRole


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
    CONCESSION_RESERVED = "P-07"
    CONCESSION_FREE = "P-08"
    PRIORITY_STANDS = "P-09"
    PRIORITY_REOPENED = "P-10"
    ABANDONMENT_STANDS = "P-11"
    WINNING_RESERVED = "P-12"
    ENDING_STANDS = "P-13"
    DECISION_STANDS = "P-14"
    CONCESSION_ABOVE_LIMIT = "P-15"
    BREAK_GLASS = "P-20"


@dataclass(frozen=True, slots=True)
class StageMove:
    """A wish to move a lead from where it stands to another stage.

    `after_complex_exchange`: and no person has acted since. `undoes_decision`: a person
    decided that the lead stands where it does. `confirms`: it is there by observation
    only, or against what is observed, so that a person may sign for it.
    """

    origin: str
    to: str
    after_complex_exchange: bool = False
    undoes_decision: bool = False
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class Concession:
    """A wish to lower the price by so many percent of it.

    `before`: what machines have conceded on the lead already, in percent. Small ones
    that add up are no small one. `conceded`: what everybody has; `limit`: what the
    person who asks may let it come to, None for a machine, or who has no limit.
    """

    percent: float
    before: float = 0.0
    conceded: float = 0.0
    limit: float | None = None

    @property
    def is_above_limit(self) -> bool:
        """A millionth of a percent is no more: sums of fractions are never exact."""
        if self.limit is None:
            return False
        return self.conceded + self.percent > self.limit + 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChange:
    """A wish for another priority band; `standing`: what a person said of this one."""

    after_complex_exchange: bool
    standing: OverrideStanding = OverrideStanding.NONE


Change = StageMove | Concession | PriorityChange


@dataclass(frozen=True, slots=True)
class Ruling:
    verdict: Verdict
    clause: Clause


def judge(principal: Principal, change: Change, pipeline: Pipeline) -> Ruling:
    """Rule on a change; raises as `judge_move` does."""
    match change:
        case StageMove():
            return judge_move(principal, change, pipeline)
        case Concession(is_above_limit=True) if principal.is_person:
            return Ruling(Verdict.PROPOSE, Clause.CONCESSION_ABOVE_LIMIT)
        case _ if principal.is_person:
            return Ruling(Verdict.APPLY, Clause.PERSON_DECIDES)
        case Concession():
            return _judge_concession(principal, change, pipeline)
        case PriorityChange():
            return _judge_priority(change)


def _judge_concession(
    principal: Principal, change: Concession, pipeline: Pipeline
) -> Ruling:
    """Rule on a concession that no person asks for."""
    if principal.signs:
        return Ruling(Verdict.APPLY, Clause.BREAK_GLASS)
    if pipeline.reserves_concession(change.before + change.percent):
        return Ruling(Verdict.PROPOSE, Clause.CONCESSION_RESERVED)
    return Ruling(Verdict.APPLY, Clause.CONCESSION_FREE)


def judge_move(principal: Principal, move: StageMove, pipeline: Pipeline) -> Ruling:
    """Rule on a stage move.

    A machine only proposes what would win a lead, take one back from its end or from a
    reserved stage, or change what a person decided.

    Raises StageUnknownError, and StageAlreadyHeldError if the move changes nothing.
    """
    stage = pipeline.named(move.to)
    if move.to == move.origin and not (move.confirms and principal.is_person):
        raise StageAlreadyHeldError(move.to)
    if principal.is_person:
        return Ruling(Verdict.APPLY, Clause.PERSON_DECIDES)
    if principal.signs:
        return Ruling(Verdict.APPLY, Clause.BREAK_GLASS)
    if stage.reserved:
        return Ruling(Verdict.PROPOSE, Clause.STAGE_RESERVED)
    standing = _what_stands(move, pipeline)
    if standing is not None:
        return Ruling(Verdict.PROPOSE, standing)
    if move.after_complex_exchange and pipeline.is_backwards(move.origin, move.to):
        return Ruling(Verdict.PROPOSE, Clause.REQUALIFICATION_RESERVED)
    return Ruling(Verdict.APPLY, Clause.STAGE_FREE)


def _what_stands(move: StageMove, pipeline: Pipeline) -> Clause | None:
    """Why a move to a stage that isn't reserved is a person's all the same."""
    if move.to == pipeline.of_role(StageRole.WON):
        return Clause.WINNING_RESERVED
    if move.origin == pipeline.of_role(StageRole.ABANDONED):
        return Clause.ABANDONMENT_STANDS
    if move.origin == pipeline.of_role(StageRole.WON):
        return Clause.ENDING_STANDS
    if move.undoes_decision or not pipeline.is_free(move.origin):
        return Clause.DECISION_STANDS
    return None


def _judge_priority(change: PriorityChange) -> Ruling:
    """Rule on another priority band that no person asks for.

    What a person said stands until new facts, and then another is proposed. After a
    complex exchange, and before a person has acted, it requalifies the lead, which is
    reserved for people (DESIGN §7).
    """
    if change.standing is OverrideStanding.STANDS:
        return Ruling(Verdict.REFUSE, Clause.PRIORITY_STANDS)
    if change.standing is OverrideStanding.REOPENED:
        return Ruling(Verdict.PROPOSE, Clause.PRIORITY_REOPENED)
    if change.after_complex_exchange:
        return Ruling(Verdict.PROPOSE, Clause.REQUALIFICATION_RESERVED)
    return Ruling(Verdict.APPLY, Clause.PRIORITY_FREE)
