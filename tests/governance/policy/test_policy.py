"""The two locks that stand in code, each by itself."""

from uuid import uuid4

import pytest

from governance.errors import (
    ActionNotAutomaticError,
    StageAlreadyHeldError,
    StageUnknownError,
)
from governance.people.feedback import OverrideStanding
from governance.people.principal import Principal, PrincipalKind
from governance.policy.actions import Concede, MoveStage, OpenProposal, admit
from governance.policy.pipeline import read_pipeline
from governance.policy.policy import (
    Change,
    Clause,
    Concession,
    PriorityChange,
    Ruling,
    StageMove,
    Verdict,
    judge,
    judge_move,
)

PIPELINE = read_pipeline()
RESERVED = [stage.name for stage in PIPELINE.stage if stage.reserved]
FREE = [one.name for one in PIPELINE.stage if not (one.reserved or one.closes)]
NOT_PEOPLE = [kind for kind in PrincipalKind if kind is not PrincipalKind.PERSON]


def back(*, complex: bool) -> StageMove:
    return StageMove("qualifie", "contacte", after_complex_exchange=complex)


def band(standing: OverrideStanding, *, complex: bool = False) -> PriorityChange:
    return PriorityChange(after_complex_exchange=complex, standing=standing)


def principal(kind: PrincipalKind) -> Principal:
    return Principal(kind, "somebody")


@pytest.mark.parametrize("kind", NOT_PEOPLE)
@pytest.mark.parametrize("to", RESERVED)
def test_a_reserved_move_is_proposed(to: str, kind: PrincipalKind) -> None:
    ruling = judge_move(principal(kind), StageMove("qualifie", to), PIPELINE)

    assert ruling.verdict is Verdict.PROPOSE
    assert ruling.clause is Clause.STAGE_RESERVED


@pytest.mark.parametrize("to", [s.name for s in PIPELINE.stage if s.name != "qualifie"])
def test_a_person_decides_any_move(to: str) -> None:
    person = principal(PrincipalKind.PERSON)
    ruling = judge_move(person, StageMove("qualifie", to), PIPELINE)
    assert ruling.verdict is Verdict.APPLY


@pytest.mark.parametrize("kind", NOT_PEOPLE)
def test_a_free_move_is_applied(kind: PrincipalKind) -> None:
    ruling = judge_move(principal(kind), StageMove("nouveau", "contacte"), PIPELINE)
    assert (ruling.verdict, ruling.clause) == (Verdict.APPLY, Clause.STAGE_FREE)


def test_an_unknown_stage_and_a_move_that_changes_nothing_are_errors() -> None:
    key = principal(PrincipalKind.INTEGRATION)
    with pytest.raises(StageUnknownError):
        judge_move(key, StageMove("nouveau", "ailleurs"), PIPELINE)
    with pytest.raises(StageAlreadyHeldError):
        judge_move(key, StageMove("perdu", "perdu"), PIPELINE)


@pytest.mark.parametrize("to", RESERVED)
def test_the_executor_has_no_reserved_move(to: str) -> None:
    with pytest.raises(ActionNotAutomaticError):
        admit(MoveStage("qualifie", to), PIPELINE)


@pytest.mark.parametrize("to", FREE)
def test_the_executor_lets_a_free_move_through(to: str) -> None:
    admit(MoveStage("qualifie", to), PIPELINE)


@pytest.mark.parametrize(
    "move",
    [
        MoveStage("nouveau", "gagne"),
        MoveStage("gagne", "contacte"),
        MoveStage("perdu", "contacte"),
        MoveStage("negociation_finale", "nouveau"),
        MoveStage("contacte", "qualifie", undoes_decision=True),
        MoveStage("qualifie", "contacte", requalifies=True),
    ],
)
def test_the_executor_undoes_nothing_and_ends_nothing(move: MoveStage) -> None:
    with pytest.raises(ActionNotAutomaticError):
        admit(move, PIPELINE)


def test_the_executor_lets_a_proposal_of_a_reserved_move_through() -> None:
    proposal = OpenProposal(
        id=uuid4(),
        origin="qualifie",
        to="perdu",
        clause=Clause.STAGE_RESERVED,
        reason=None,
        asked_by=principal(PrincipalKind.AUTOMATION),
    )
    admit(proposal, PIPELINE)


def test_the_executor_refuses_what_is_not_in_its_closed_set() -> None:
    with pytest.raises(ActionNotAutomaticError):
        admit("delete everything", PIPELINE)


@pytest.mark.parametrize("name", ["", "  "])
def test_a_principal_has_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Principal(PrincipalKind.PERSON, name)


KEY = principal(PrincipalKind.INTEGRATION)
PERSON = principal(PrincipalKind.PERSON)


@pytest.mark.parametrize(
    ("who", "change", "verdict", "clause"),
    [
        (KEY, Concession(10), Verdict.APPLY, Clause.CONCESSION_FREE),
        (KEY, Concession(10.01), Verdict.PROPOSE, Clause.CONCESSION_RESERVED),
        (KEY, Concession(4, before=6), Verdict.APPLY, Clause.CONCESSION_FREE),
        (KEY, Concession(4, before=6.5), Verdict.PROPOSE, Clause.CONCESSION_RESERVED),
        (PERSON, Concession(40), Verdict.APPLY, Clause.PERSON_DECIDES),
        (KEY, back(complex=True), Verdict.PROPOSE, Clause.REQUALIFICATION_RESERVED),
        (KEY, back(complex=False), Verdict.APPLY, Clause.STAGE_FREE),
        (PERSON, back(complex=True), Verdict.APPLY, Clause.PERSON_DECIDES),
        (
            KEY,
            StageMove("contacte", "qualifie", after_complex_exchange=True),
            Verdict.APPLY,
            Clause.STAGE_FREE,
        ),
        (
            KEY,
            StageMove("perdu", "contacte"),
            Verdict.PROPOSE,
            Clause.ABANDONMENT_STANDS,
        ),
        (PERSON, StageMove("perdu", "gagne"), Verdict.APPLY, Clause.PERSON_DECIDES),
        (KEY, StageMove("nouveau", "gagne"), Verdict.PROPOSE, Clause.WINNING_RESERVED),
        (
            KEY,
            StageMove("negociation_finale", "gagne"),
            Verdict.PROPOSE,
            Clause.WINNING_RESERVED,
        ),
        (KEY, StageMove("gagne", "contacte"), Verdict.PROPOSE, Clause.ENDING_STANDS),
        (
            KEY,
            StageMove("negociation_finale", "nouveau"),
            Verdict.PROPOSE,
            Clause.DECISION_STANDS,
        ),
        (
            KEY,
            StageMove("contacte", "qualifie", undoes_decision=True),
            Verdict.PROPOSE,
            Clause.DECISION_STANDS,
        ),
        (KEY, band(OverrideStanding.NONE), Verdict.APPLY, Clause.PRIORITY_FREE),
        (KEY, band(OverrideStanding.STANDS), Verdict.REFUSE, Clause.PRIORITY_STANDS),
        (
            KEY,
            band(OverrideStanding.REOPENED),
            Verdict.PROPOSE,
            Clause.PRIORITY_REOPENED,
        ),
        (PERSON, band(OverrideStanding.STANDS), Verdict.APPLY, Clause.PERSON_DECIDES),
        (
            KEY,
            band(OverrideStanding.NONE, complex=True),
            Verdict.PROPOSE,
            Clause.REQUALIFICATION_RESERVED,
        ),
    ],
)
def test_the_clauses_one_by_one(
    who: Principal, change: Change, verdict: Verdict, clause: Clause
) -> None:
    assert judge(who, change, PIPELINE) == Ruling(verdict, clause)


def test_the_executor_concedes_up_to_the_threshold() -> None:
    admit(Concede(10), PIPELINE)
    with pytest.raises(ActionNotAutomaticError):
        admit(Concede(10.01), PIPELINE)
