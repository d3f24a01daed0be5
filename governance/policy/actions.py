"""The executor's door (lock 2): the closed set of what automation may do.

It judges an action by itself, without the policy: a mistaken policy still finds
nothing here that would carry out a reserved change.
"""

from dataclasses import dataclass
from uuid import UUID

from explanations.score import Priority
from governance.errors import ActionNotAutomaticError
from governance.people.principal import Principal
from governance.policy.pipeline import Pipeline
from governance.policy.policy import Clause
from governance.policy.task import OpenTask


@dataclass(frozen=True, slots=True)
class MoveStage:
    """A lead goes to another stage.

    `requalifies`: it goes back, after a complex exchange. `undoes_decision`: a person
    decided that it stands where it does.
    """

    origin: str
    to: str
    requalifies: bool = False
    undoes_decision: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenProposal:
    """A stage move that a person will confirm or dismiss."""

    id: UUID
    origin: str
    to: str
    clause: Clause
    reason: str | None
    asked_by: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposePriority:
    """A priority band that a person will confirm or dismiss."""

    id: UUID
    origin: Priority | None
    to: Priority
    clause: Clause
    asked_by: Principal


@dataclass(frozen=True, slots=True)
class Concede:
    """The price is lowered by so many percent of it; by `before` it was already, by
    machines."""

    percent: float
    before: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeConcession:
    """A concession that a person will confirm or dismiss."""

    id: UUID
    percent: float
    clause: Clause
    reason: str | None
    asked_by: Principal


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Another priority band; `origin` None: the lead's first."""

    to: Priority
    origin: Priority | None = None
    after_complex_exchange: bool = False

    @property
    def requalifies(self) -> bool:
        """Is a band that the lead has changed after a complex exchange?"""
        return self.origin is not None and self.after_complex_exchange


@dataclass(frozen=True, slots=True)
class Assign:
    """The lead gets another owner: a name, never empty."""

    to: str
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """A named person is told; nothing of the lead changes."""

    to: str
    text: str


AutomaticAction = (
    MoveStage
    | OpenProposal
    | OpenTask
    | ProposePriority
    | ProposeConcession
    | Concede
    | SetPriority
    | Assign
    | Notify
)


def admit(action: object, pipeline: Pipeline) -> None:
    """Let an automatic action through, or raise ActionNotAutomaticError.

    No other kinds of action exist for automation; a move only between stages that are
    neither reserved nor an end, concessions only up to the threshold in all, and
    nothing that requalifies a lead or undoes what a person decided.
    """
    match action:
        case OpenProposal() | OpenTask() | ProposePriority() | ProposeConcession():
            return
        case Assign() | Notify() | SetPriority(requalifies=False):
            return
        case MoveStage(requalifies=False, undoes_decision=False) if pipeline.is_free(
            action.origin
        ) and pipeline.is_free(action.to):
            return
        case Concede(percent=percent, before=before) if not (
            pipeline.reserves_concession(before + percent)
        ):
            return
        case _:
            raise ActionNotAutomaticError(str(action))
